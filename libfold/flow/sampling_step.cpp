#include "libfold/flow/sampling_step.h"

#include <cmath>

#include "libfold/flow/so3.h"

namespace flashrna {

using at::Tensor;

double translation_factor(double t, double dt) { return dt / (1.0 - t); }

double rotation_factor(const RotationSchedule& schedule, double t, double dt) { return schedule.speed(t) * dt; }

FlowState euler_step(const FlowState& state, const FlowState& prediction, const EulerFactors& factors,
                     bool truncated_log) {
  return {state.translations + (prediction.translations - state.translations) * factors.translation,
          geodesic(state.rotations, prediction.rotations, factors.rotation, truncated_log)};
}

DiffusionNoise draw_diffusion(const FlowConfig& config, const NoiseRequest& request, int64_t length, int step,
                              double dt) {
  if (config.stochasticity == 0) return {};
  const double width = config.stochasticity * std::sqrt(dt);
  const auto B = static_cast<int64_t>(request.lengths.size());
  Tensor shifts = at::zeros({B, length, 3}, at::kDouble), turns = shifts.clone();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t n = request.lengths[static_cast<std::size_t>(b)];
    RandomStream stream(request.seed, "diffusion",
                        {static_cast<std::uint64_t>(n), request.indices[static_cast<std::size_t>(b)],
                         static_cast<std::uint64_t>(step)});
    shifts[b].narrow(0, 0, n).copy_(stream.normal({n, 3}) * (width * config.translation_sigma));
    turns[b].narrow(0, 0, n).copy_(sample_narrow_igso3(width, n, stream));
  }
  return {shifts, so3_exp(turns)};
}

FlowState diffused(const FlowState& state, const DiffusionNoise& noise) {
  if (!noise.shifts.defined()) return state;
  return {state.translations + noise.shifts.to(state.translations.options()),
          at::matmul(state.rotations, noise.turns.to(state.rotations.options()))};
}

}  // namespace flashrna
