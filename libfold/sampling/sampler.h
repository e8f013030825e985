// Draws backbones from a trained model: noise, then Euler steps along the predicted flow (RNA-FrameFlow,
// arXiv:2406.13839). Writing and naming them is sample_writer.h's job.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/checkpoint.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/run_config.h"

namespace flashrna {

// One call of the model, as it is made; the tensors are on the sampler's device.
struct SamplingStep {
  int number = 0;                     // from 0
  double t = 0.0;                     // min_t .. 1
  const Noise& state;                 // what the model was given; the noise at first
  const FlowModelOutput& prediction;  // of the end, before residues are moved apart; the last: the sample
};

// How sampling departs from the flow that the checkpoint says.
struct SamplingControl {
  std::optional<RotationSchedule> schedule;  // of the rotations; translations go at constant speed
  double noise_scale = 1.0;                  // times the standard deviation of the initial translations
  // Rounds in which overlapping residues of each prediction but the last are moved apart
  // (libfold/backbone/steric_overlap.h) before the state moves towards it.
  int steric_rounds = 0;
  int relax_rounds = 0;  // of the correction of the last prediction (libfold/backbone/relaxation.h)
  int pair_rounds = 0;   // of the same, at each step from t = 0.3 on, where base pairs are asked for
};

// What to make: one backbone for each of the B entries of `lengths`.
struct SampleRequest {
  std::vector<int> lengths;
  std::vector<std::uint64_t> indices;  // of each; with seed and length they decide the noise
  std::uint64_t seed = 0;
  int steps = 50;  // >= 2 calls of the model: steps - 1 Euler steps and a last call, whose prediction is the sample
  at::Tensor residue_index;  // [B, longest] i64; undefined = 0, 1, 2, ...
  Conditioning told;         // [B, longest] each; undefined members say nothing
};

// Makes `schedule` what samples of a model with this flow take.
void set_sampling_schedule(FlowConfig& flow, const RotationSchedule& schedule);

class Sampler {
 public:
  // The model and flow of `checkpoint`, with its averaged weights ("ema", where it has them) or the raw ones ("raw").
  // Throws Error if weights and configuration disagree, UsageError for other values of `weights`.
  Sampler(const Checkpoint& checkpoint, const std::string& weights, at::Device device,
          const SamplingControl& control = {});

  // A model that lives elsewhere, as it is at each call.
  Sampler(const RunConfig& config, FlowModel model, at::Device device);

  // The backbones of a request. Each one's noise depends only on (seed, length, index, residue index); its coordinates
  // differ by rounding with the batch it is in. `keep_going` (may be empty) is asked before each call; false gives an
  // empty result; `observe` (may be empty) is told of each call after it. Throws Error naming length, index, seed and
  // step for a coordinate that is not finite, and for something that is asked for and that the model was not trained
  // with.
  std::vector<SampledBackbone> sample(const SampleRequest& request, const std::function<bool()>& keep_going = {},
                                      const std::function<void(const SamplingStep&)>& observe = {});
  // The same with nothing asked for but lengths.
  std::vector<SampledBackbone> sample(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices,
                                      std::uint64_t seed, int steps, const std::function<bool()>& keep_going = {},
                                      const std::function<void(const SamplingStep&)>& observe = {});

  // Throws Error where the model was not trained with what a request says.
  void require_known(bool pairs, bool letters) const;

  // Of the rotations.
  RotationSchedule schedule() const;

 private:
  RunConfig config_;
  double noise_scale_ = 1.0;
  int steric_rounds_ = 0, relax_rounds_ = 0, pair_rounds_ = 0;
  Interpolant interpolant_;
  FlowModel model_;
  at::Device device_;
};

}  // namespace flashrna
