// One training step: noise, prediction, losses, gradients. The trainer repeats it, validation evaluates it, the
// benchmark times it, and a failed batch is replayed through it.
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

// Loss terms of a step, means over its chains: the total, the terms of kLossTerms, the norm of the gradient.
struct StepTerms {
  static constexpr std::array kNames = [] {
    std::array<const char*, kLossTerms.size() + 2> names{};
    names.front() = "loss";
    for (std::size_t k = 0; k < kLossTerms.size(); ++k) names[k + 1] = kLossTerms[k].name;
    names.back() = "gradient_norm";
    return names;
  }();
  std::array<double, kNames.size()> values{};

  double loss() const { return values.front(); }
  double gradient_norm() const { return values.back(); }
  bool finite() const;
  void add(const StepTerms& other, double share);
};

// The input of a step, on the host: the corrupted batch with its condition. A chain with given residues is centered on
// them.
struct PreparedBatch {
  Batch truth;
  Corrupted noisy;
};

class TrainingStep {
 public:
  // Creates the model without initializing its parameters.
  TrainingStep(const RunConfig& config, at::Device device);

  struct Result {
    Corrupted noisy;
    Losses losses;
  };
  // Computes the losses of a batch on the host. The noise and the use of self-conditioning depend only on (seed, index)
  // and are the same on every device. Differentiable unless gradients are disabled.
  Result evaluate(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index);
  // evaluate() in two steps. prepare() draws all random values and does not use the network; it runs on the host and
  // may run concurrently with a step. The second function does the rest.
  PreparedBatch prepare(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index) const;
  Result evaluate(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index);
  // Calls evaluate() and adds the gradients times `share` to those of the parameters. The terms do not yet contain the
  // gradient norm.
  Result add_gradients(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index, double share);
  Result add_gradients(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index, double share);

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

// The terms of the losses without the gradient norm: [kNames.size() - 1] f64 on their device.
at::Tensor stacked_terms(const Losses& losses);
// Copies the terms and the norm (a scalar) to the host in one transfer, because each transfer from a GPU waits for the
// step to end.
StepTerms step_terms(const at::Tensor& stacked, const at::Tensor& gradient_norm);
// Terms of the losses without a gradient norm.
StepTerms terms_of(const Losses& losses);

}  // namespace flashrna
