// What one training step computes: noise, prediction, losses, gradients. The trainer repeats it, validation shares it,
// the benchmark times it, and a failed batch is replayed through it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libfold/checkpoint.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/run_config.h"
#include "libfold/training/losses.h"

namespace flashrna {

// The numbers of a step, means over its chains.
struct StepTerms {
  static constexpr std::array<const char*, 13> kNames = {
      "loss",  "translation", "rotation", "auxiliary", "atoms",   "distances",    "torsions",
      "bonds", "angles",      "clashes",  "local",     "letters", "gradient_norm"};
  std::array<double, kNames.size()> values{};

  double loss() const { return values.front(); }
  double gradient_norm() const { return values.back(); }
  bool finite() const;
  void add(const StepTerms& other, double share);
};

// A batch as a step sees it, on the host: noised, told what it is told, and where residues are given, centered on them.
struct PreparedBatch {
  Batch truth;
  Corrupted noisy;
};

class TrainingStep {
 public:
  // The model is made, not initialised.
  TrainingStep(const RunConfig& config, at::Device device);

  struct Evaluation {
    Corrupted noisy;
    Losses losses;
  };
  // The losses of a batch on the host. All that is random, the noise and whether the model sees its own first
  // prediction, follows from (seed, index): the same numbers on every device. Differentiable unless gradients are off.
  Evaluation evaluate(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index);
  // The two halves of it: everything that is random and costs no network, on the host and safe beside a running step,
  // and the rest.
  PreparedBatch prepare(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index) const;
  Evaluation evaluate(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index);
  // evaluate(), whose gradients times `share` are added to those of the parameters. The terms have no gradient norm
  // yet.
  Evaluation add_gradients(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index, double share);
  Evaluation add_gradients(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index, double share);

  FlowModel& model() { return model_; }
  const NamedParameters& parameters() const { return parameters_; }
  at::Device device() const { return device_; }

 private:
  FlowModelOutput predict(const Batch& batch, bool padded, const Corrupted& noisy, std::uint64_t seed,
                          std::uint64_t index);

  RunConfig config_;
  at::Device device_;
  Interpolant interpolant_;
  FlowModel model_;
  NamedParameters parameters_;
};

// The terms of the losses, all but the gradient norm, [kNames.size() - 1] f64 on their device.
at::Tensor stacked_terms(const Losses& losses);
// Those and the norm (a scalar) on the host, in one transfer: on a GPU each one waits for the step to end.
StepTerms step_terms(const at::Tensor& stacked, const at::Tensor& gradient_norm);
// Of the losses alone, without a gradient norm.
StepTerms terms_of(const Losses& losses);

}  // namespace flashrna
