// A step of sampling in parts that a CUDA graph can hold: what differs between steps comes as tensors. The same
// arithmetic as Interpolant::euler_step and Interpolant::diffused, which use it.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "libfold/flow/flow_config.h"
#include "libfold/flow/interpolant.h"
#include "libfold/flow/schedule.h"

namespace flashrna {

// An Euler step from t < 1 to t + dt: factors of the difference between the translations of the predicted end and of
// the state, and of the way along the geodesic. Of shape [1], the rotations' also [B, L, 1].
struct EulerFactors {
  at::Tensor translation, rotation;
};

// Both factors as doubles, for tensors made elsewhere.
double translation_factor(double t, double dt);
double rotation_factor(const RotationSchedule& schedule, double t, double dt);

// On the device and in the dtype of the tensors. `truncated_log`: PublishedConventions::truncated_log.
FlowState euler_step(const FlowState& state, const FlowState& prediction, const EulerFactors& factors,
                     bool truncated_log);

// What a step of a stochastic flow adds (Interpolant::diffused).
struct DiffusionNoise {
  at::Tensor shifts;  // [B, L, 3] Å
  at::Tensor turns;   // [B, L, 3, 3] rotations
};

// The noise of step `step` for samples padded to `length`, f64 on the CPU; undefined without stochasticity.
DiffusionNoise draw_diffusion(const FlowConfig& config, const NoiseRequest& request, std::int64_t length, int step,
                              double dt);

// In the dtype and on the device of the state; undefined noise changes nothing.
FlowState diffused(const FlowState& state, const DiffusionNoise& noise);

}  // namespace flashrna
