// Samples backbones from a trained model: noise, then Euler steps along the predicted flow (RNA-FrameFlow,
// arXiv:2406.13839). sample_writer.h writes and names them.
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

// One call of the model; the tensors are on the sampler's device.
struct SamplingStep {
  int number = 0;                     // from 0
  double t = 0.0;                     // min_t .. 1
  const Noise& state;                 // input of the model; the noise at the first call
  const FlowModelOutput& prediction;  // predicted end, before residues are moved apart; the last is the sample
};

// Settings that modify the flow of the checkpoint.
struct SamplingControl {
  std::optional<RotationSchedule> schedule;  // of the rotations; translations have constant speed
  double noise_scale = 1.0;                  // factor of the standard deviation of the initial translations
  // Rounds that move overlapping residues of each prediction but the last apart (libfold/backbone/steric_overlap.h),
  // before the Euler step towards it.
  int steric_rounds = 0;
  int relax_rounds = 0;  // rounds of relaxation of the last prediction (libfold/backbone/relaxation.h)
  int pair_rounds = 0;   // the same at each step from t = 0.3 on, if base pairs are requested
};

// A sampling request: one backbone for each of the B entries of `lengths`.
struct SampleRequest {
  std::vector<int> lengths;
  std::vector<std::uint64_t> indices;  // by sample; with seed and length they determine the noise
  std::uint64_t seed = 0;
  int steps = 50;  // >= 2 calls of the model: steps - 1 Euler steps and a final call, whose prediction is the sample
  // [B, longest] i64; undefined = 0, 1, 2, ..., rising by kChainJoin (rna/assembly.h) between molecules
  at::Tensor residue_index;
  Conditioning told;  // [B, longest] each; undefined members set no condition
  // Frames (Å) and torsions of the residues of told.fixed, [B, longest, ...]; undefined without a motif. Other rows are
  // not read.
  FlowModelOutput given;
  // A structure that is noised to start_time and refined from there; undefined = from noise. Torsions are not read.
  FlowModelOutput start;
  double start_time = 0;  // in (0, 1) with a start
  // Rotation group of libfold/sampling/symmetry.h: C2 to C12, D2 to D6, T, O or I; "" = none. The request describes one
  // unit, and each sample is the whole assembly: its units one after another, the first one the unit itself.
  std::string symmetry;
};

// Sets the rotation schedule that `flow` uses in sampling.
void set_sampling_schedule(FlowConfig& flow, const RotationSchedule& schedule);

class Sampler {
 public:
  // Loads the model and flow of `checkpoint`, with the averaged weights ("ema", if it has them) or the raw weights
  // ("raw"). Throws Error if weights and configuration disagree, UsageError for other values of `weights`.
  Sampler(const Checkpoint& checkpoint, const std::string& weights, at::Device device,
          const SamplingControl& control = {});

  // Uses a model that is owned elsewhere, with its current weights at each call.
  Sampler(const RunConfig& config, FlowModel model, at::Device device);

  // Samples the backbones of a request. The noise of each depends only on (seed, length, index, residue index). Its
  // coordinates depend on the batch only by rounding. Calls `keep_going` (may be empty) before each call of the model;
  // if it returns false, the result is empty. Calls `observe` (may be empty) after each call of the model. Throws Error
  // naming length, index, seed and step for a coordinate that is not finite, and Error for a condition with which the
  // model was not trained.
  std::vector<SampledBackbone> sample(const SampleRequest& request, const std::function<bool()>& keep_going = {},
                                      const std::function<void(const SamplingStep&)>& observe = {});
  // The same without a condition.
  std::vector<SampledBackbone> sample(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices,
                                      std::uint64_t seed, int steps, const std::function<bool()>& keep_going = {},
                                      const std::function<void(const SamplingStep&)>& observe = {});

  // Throws Error if the model was not trained with the conditions of a request.
  void require_known(const ConditioningKinds& kinds) const;

  // Throws Error if the model does not predict chi or nucleotides (FlowModelOutput) although they are needed.
  void require_predicted(bool chi, bool letters) const;

  const RunConfig& config() const { return config_; }
  FlowModel& model() { return model_; }
  at::Device device() const { return device_; }
  // Schedule of the rotations.
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
