#include "libfold/training/training_step.h"

#include <algorithm>
#include <cmath>

#include "base/csv_table.h"
#include "base/error.h"
#include "libfold/conditioning.h"
#include "libfold/mixed_precision.h"
#include "libfold/model_input.h"
#include "libfold/pinned_memory.h"
#include "libfold/random_streams.h"

namespace flashrna {

namespace {

// Translates each chain with given residues so that their mean is the origin.
void center_on(const at::Tensor& fixed, Batch& batch) {
  const at::Tensor weights = fixed.to(at::kDouble).unsqueeze(2);  // [B, L, 1]
  const at::Tensor count = weights.sum(1, /*keepdim=*/true);
  const at::Tensor x = batch.translations.to(at::kDouble);
  const at::Tensor center = (x * weights).sum(1, /*keepdim=*/true) / count.clamp_min(1);
  const at::Tensor real = batch.mask().unsqueeze(2);
  batch.translations = at::where(real & (count > 0), x - center, x).to(batch.translations.scalar_type());
}

Corrupted to(const Corrupted& noisy, at::Device device) {
  const auto moved = [&](const at::Tensor& tensor) {
    return tensor.to(device, /*non_blocking=*/device.is_cuda());  // prepare() has pinned it
  };
  return {moved(noisy.t), moved(noisy.translations), moved(noisy.rotations), noisy.conditioning.to(device)};
}

PreparedBatch pinned(const PreparedBatch& prepared) {
  const Corrupted& noisy = prepared.noisy;
  return {pinned(prepared.truth),
          {noisy.t.pin_memory(), noisy.translations.pin_memory(), noisy.rotations.pin_memory(),
           pinned(noisy.conditioning)}};
}

// Excludes all parameters from the gradients but those whose names begin with one of `parts`, separated by commas.
// Throws UsageError for a part that is the beginning of no name.
void train_only(const std::string& parts, const NamedParameters& parameters) {
  for (const auto& [name, parameter] : parameters) parameter.set_requires_grad(false);
  for (const std::string& part : split_csv_line(parts)) {
    bool found = false;
    for (const auto& [name, parameter] : parameters) {
      if (!name.starts_with(part)) continue;
      parameter.set_requires_grad(true);
      found = true;
    }
    if (part.empty() || !found)
      fail_usage("training.trained_parts = {}: no parameter of the network begins with \"{}\"; they are e.g. {} and {}",
                 parts, part, parameters.front().first, parameters.back().first);
  }
}

}  // namespace

bool StepTerms::finite() const { return std::isfinite(loss()) && std::isfinite(gradient_norm()); }

void StepTerms::add(const StepTerms& other, double share) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += share * other.values[i];
}

TrainingStep::TrainingStep(const RunConfig& config, at::Device device)
    : config_(config),
      device_(device),
      interpolant_(config_.flow, config_.published, config_.model.polymer_kind()),
      model_(config_.model, config_.published) {
  model_->to(device_);
  model_->recompute_activations(config_.training.recompute);
  parameters_ = model_->parameters_by_name();
  if (!config_.training.trained_parts.empty()) train_only(config_.training.trained_parts, parameters_);
}

// Draws noise on the host, where it is the same on every machine.
PreparedBatch TrainingStep::prepare(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index) const {
  PreparedBatch prepared{batch_on_host, {}};
  const ModelConfig& model = config_.model;
  const ConditioningKinds kinds{model.condition_pairs, model.condition_letters, model.condition_motifs,
                                model.condition_motif_groups};
  const Conditioning conditioning = draw_conditioning(batch_on_host, config_.conditioning, kinds, seed, index);
  if (conditioning.fixed.defined()) center_on(conditioning.fixed, prepared.truth);
  const Corrupted noisy = interpolant_.corrupt(prepared.truth, seed, index, conditioning);
  prepared.noisy = {noisy.t.to(at::kFloat), noisy.translations.to(at::kFloat), noisy.rotations.to(at::kFloat),
                    conditioning};
  return device_.is_cuda() ? pinned(prepared) : prepared;
}

// In a fraction of the steps, the model gets its own first prediction, without gradient, as in sampling.
FlowModelOutput TrainingStep::predict(const Batch& truth, bool padded, const Corrupted& noisy, std::uint64_t seed,
                                      std::uint64_t index) {
  const ScopedAutocast autocast(device_, config_.training.precision == "bf16");
  const ScopedTf32 tf32(config_.training.precision == "tf32");
  FlowModelInput input = model_input(truth, noisy);
  input.padded = padded;
  if (RandomStream(seed, "self_condition", {index}).uniform() < config_.training.self_conditioning) {
    const at::NoGradGuard no_grad;
    input.self_condition = model_->forward(input).translations.detach();
  }
  return model_->forward(input);
}

TrainingStep::Result TrainingStep::evaluate(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index) {
  return evaluate(prepare(batch_on_host, seed, index), seed, index);
}

TrainingStep::Result TrainingStep::evaluate(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index) {
  const Batch truth = prepared.truth.to(device_);
  Result result;
  result.noisy = to(prepared.noisy, device_);
  const bool padded = (prepared.truth.lengths < prepared.truth.translations.size(1)).any().item<bool>();
  const FlowModelOutput prediction = predict(truth, padded, result.noisy, seed, index);
  result.losses = compute_losses(truth, result.noisy, prediction, config_.losses, config_.published);
  return result;
}

TrainingStep::Result TrainingStep::add_gradients(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index,
                                                 double share) {
  return add_gradients(prepare(batch_on_host, seed, index), seed, index, share);
}

TrainingStep::Result TrainingStep::add_gradients(const PreparedBatch& prepared, std::uint64_t seed, std::uint64_t index,
                                                 double share) {
  Result result = evaluate(prepared, seed, index);
  (share == 1.0 ? result.losses.total : result.losses.total * share).backward();
  return result;
}

at::Tensor stacked_terms(const Losses& losses) {
  std::vector<at::Tensor> means{losses.total};
  for (const LossTerm& term : kLossTerms) means.push_back((losses.*term.member).mean());
  return at::stack(means).detach().to(at::kDouble);
}

StepTerms step_terms(const at::Tensor& stacked, const at::Tensor& gradient_norm) {
  const at::Tensor all = at::cat({stacked, gradient_norm.reshape({1}).to(stacked.scalar_type())}).cpu();
  StepTerms terms;
  TORCH_CHECK(all.numel() == std::ssize(terms.values), "step_terms needs the result of stacked_terms");
  std::copy_n(all.const_data_ptr<double>(), terms.values.size(), terms.values.begin());
  return terms;
}

StepTerms terms_of(const Losses& losses) {
  const at::Tensor stacked = stacked_terms(losses);
  return step_terms(stacked, at::zeros({}, stacked.options()));
}

}  // namespace flashrna
