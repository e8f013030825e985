// Samples backbones from a trained model: noise, then Euler steps along the predicted flow (RNA-FrameFlow,
// arXiv:2406.13839). sample_writer.h writes and names them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/graphed_function.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/checkpoint.h"
#include "libfold/flow/interpolant.h"
#include "libfold/flow/sampling_step.h"
#include "libfold/nn/flow_model.h"
#include "libfold/run_config.h"
#include "libfold/sampling/sample_request.h"
#include "libfold/symmetric_copies.h"

namespace flashrna {

// One call of the model; the tensors are on the sampler's device. In a symmetric assembly they are those of the unit,
// and the prediction is the mean over the copies.
struct SamplingStep {
  int number = 0;                     // from 0
  double t = 0.0;                     // min_t .. 1
  const FlowState& state;             // input of the model; the noise at the first call
  const FlowModelOutput& prediction;  // predicted end, before residues are moved apart; the last is the sample
  // The next step overwrites both.
};

// Settings that modify the flow of the checkpoint.
struct SamplingControl {
  std::optional<RotationSchedule> schedule;  // of the rotations; translations have constant speed
  double noise_scale = 1.0;                  // factor of the standard deviation of the initial translations
  // Rounds that move overlapping residues of each prediction but the last apart (libfold/backbone/steric_overlap.h),
  // before the Euler step toward it.
  int steric_rounds = 0;
  int relax_rounds = 0;  // rounds of relaxation of the last prediction (libfold/backbone/relaxation.h)
  int pair_rounds = 0;   // the same at each step from t = 0.3 on, if base pairs are requested
  // On a CUDA device a step becomes a graph (kernels/graphed_function.h) for each number and length of samples. Holds
  // the memory of a step between calls of Sampler::sample.
  bool use_graphs = true;
  // Of a model with model.torsion_conformers > 1: whether conformers of the sample are drawn (conformer_draw.h), or
  // each residue gets its likeliest, as before the last step.
  bool draw_conformers = true;
  // Of the rotations of unpaired residues; empty: `schedule` if given, else the checkpoint's.
  std::optional<RotationSchedule> unpaired_schedule;
};

// Sets the rotation schedules that `flow` uses in sampling. Without both, its own stay; with `schedule` alone, unpaired
// residues follow it too.
void set_sampling_schedules(FlowConfig& flow, const std::optional<RotationSchedule>& schedule,
                            const std::optional<RotationSchedule>& unpaired);

class Sampler {
 public:
  // Loads the model and flow of `checkpoint`, with the averaged weights ("ema", if it has them) or the raw weights
  // ("raw"). Throws Error if weights and configuration disagree, UsageError for other values of `weights`.
  Sampler(const Checkpoint& checkpoint, const std::string& weights, at::Device device,
          const SamplingControl& control = {});

  // Uses a model that is owned elsewhere, with its current weights at each call. With graphs, weights do not move
  // during a call.
  Sampler(const RunConfig& config, FlowModel model, at::Device device, const SamplingControl& control = {});

  // Samples the backbones of a request. The noise of each depends only on (seed, length, index), its residue index and
  // its condition. Its coordinates depend on the batch only by rounding, which may change a conformer whose draw is
  // near the border of two. Given residues are returned as given; steric and link corrections do not move them. Calls
  // `keep_going` (may be empty) before each call of the model; if it returns false, the result is empty. Calls
  // `observe` (may be empty) after each call of the model. Throws Error naming length, index, seed and step for a
  // coordinate that is not finite, and Error for a condition with which the model was not trained. Without graphs,
  // several threads may call this at the same time.
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
  // Whether steps are graphs: asked for, on a CUDA device, and nothing has prevented it so far.
  bool uses_graphs() const { return graphs_->uses_graphs(); }
  const FlowConfig& flow() const { return config_.flow; }

 private:
  // What a step reads besides the weights, on the device: what the steps of a request share, and their state.
  struct Run {
    FlowModelInput input;                   // without t
    FlowModelOutput given;                  // of input.conditioning.fixed
    std::optional<SymmetricCopies> copies;  // of a symmetric assembly
    at::Tensor time;  // [4]: t; factors of the Euler step: of translations, of rotations, of those of unpaired residues
    DiffusionNoise noise;  // may be in host memory

    // All but the copies, in a fixed order.
    std::vector<at::Tensor*> tensors();
  };
  struct StepResult {
    FlowModelOutput prediction;
    at::Tensor corrected;  // [B, L, 3] Å: its translations after the corrections
    FlowState next;

    std::vector<at::Tensor*> tensors();
  };
  Run make_run(const SampleRequest& request, const PreparedRequest& prepared, const FlowState& state) const;
  FlowState initial_state(const SampleRequest& request, const PreparedRequest& prepared) const;
  // The prediction with a conformer of each residue drawn, if the model predicts several (conformer_draw.h).
  FlowModelOutput with_drawn_conformers(const Run& run, FlowModelOutput prediction, const SampleRequest& request) const;
  // Run::time of all steps, [steps, 4].
  at::Tensor rows_of_times(const std::vector<double>& times) const;
  DiffusionNoise noise_of(const SampleRequest& request, std::int64_t length, int step, double dt) const;
  // [1], or [B, L, 1] where unpaired residues have a schedule of their own.
  at::Tensor rotation_factors(const Run& run) const;
  FlowModelOutput predict(const Run& run);
  // Any step but the last. `mend_pairs`: with the rounds of relaxation for requested pairs.
  StepResult step(const Run& run, bool mend_pairs);
  // The same by a graph, if the sampler uses them.
  StepResult graphed_step(const Run& run, bool mend_pairs);
  void forget_graphs_of_moved_weights();
  FlowModelOutput relax(const Run& run, const FlowModelOutput& prediction, int rounds,
                        const std::function<bool()>& keep_going) const;
  // The prediction with overlapping residues moved apart.
  FlowModelOutput move_apart(const Run& run, FlowModelOutput prediction) const;

  RunConfig config_;
  double noise_scale_ = 1.0;
  int steric_rounds_ = 0, relax_rounds_ = 0, pair_rounds_ = 0;
  bool draw_conformers_ = true;
  Interpolant interpolant_;
  FlowModel model_;
  at::Device device_;
  std::unique_ptr<GraphedFunction> graphs_;
  std::vector<const void*> weights_at_;  // where the graphs read the weights
  std::int64_t requests_ = 0;            // so far
};

}  // namespace flashrna
