#include "libfold/training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace flashrna {
namespace {

// torch.optim.AdamW's defaults.
constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;
constexpr double kWeightDecay = 0.01;

std::vector<at::Tensor> gradients_of(const NamedParameters& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  return gradients;
}

}  // namespace

double LearningRateSchedule::at(std::int64_t steps_done) const {
  if (steps_done < warmup_steps) return peak * static_cast<double>(steps_done + 1) / static_cast<double>(warmup_steps);
  if (shape == "constant") {
    if (cooldown_steps < 1) return peak;
    const double left = static_cast<double>(steps - steps_done) / static_cast<double>(cooldown_steps);
    return peak * std::clamp(left, 0.0, 1.0);
  }
  const double span = static_cast<double>(std::max<std::int64_t>(steps - warmup_steps, 1));
  const double done = std::min(static_cast<double>(steps_done - warmup_steps) / span, 1.0);
  return peak * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
}

AdamW::AdamW(NamedParameters parameters) : parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) {
    exp_avg_.emplace_back(name, at::zeros_like(parameter.detach()));
    exp_avg_sq_.emplace_back(name, at::zeros_like(parameter.detach()));
    step_.emplace_back(name, at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false)));
  }
}

void AdamW::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parameters, gradients, exp_avg, exp_avg_sq, steps;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& parameter = parameters_[i].second;
    if (!parameter.grad().defined()) continue;
    parameters.push_back(parameter);
    gradients.push_back(parameter.grad());
    exp_avg.push_back(exp_avg_[i].second);
    exp_avg_sq.push_back(exp_avg_sq_[i].second);
    steps.push_back(step_[i].second);
  }
  if (parameters.empty()) return;
  at::_foreach_add_(steps, 1);  // the kernel's bias correction needs the number of this update
  at::_fused_adamw_(parameters, gradients, exp_avg, exp_avg_sq, {}, steps, learning_rate, kBeta1, kBeta2, kWeightDecay,
                    kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void AdamW::zero_gradients() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = at::Tensor();
}

void AdamW::save(Checkpoint& checkpoint) const {
  checkpoint.exp_avg = copy_of(exp_avg_);
  checkpoint.exp_avg_sq = copy_of(exp_avg_sq_);
  checkpoint.optimizer_step = copy_of(step_);
}

void AdamW::load(const Checkpoint& checkpoint) {
  copy_into(exp_avg_, checkpoint.exp_avg, checkpoint.path + ":/optimizer/exp_avg");
  copy_into(exp_avg_sq_, checkpoint.exp_avg_sq, checkpoint.path + ":/optimizer/exp_avg_sq");
  copy_into(step_, checkpoint.optimizer_step, checkpoint.path + ":/optimizer/step");
}

at::Tensor clip_gradients(const NamedParameters& parameters, double max_norm) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return at::zeros({});
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  if (max_norm > 0) at::_foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

}  // namespace flashrna
