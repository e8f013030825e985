#include "libfold/training/ema.h"

#include <algorithm>

namespace flashrna {
namespace {

std::vector<at::Tensor> values_of(const NamedParameters& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

}  // namespace

Ema::Ema(NamedParameters parameters, double decay) : parameters_(std::move(parameters)), decay_(decay) {
  if (!enabled()) return;
  for (const auto& [name, parameter] : parameters_) average_.emplace_back(name, parameter.detach().clone());
}

void Ema::update(std::int64_t n) {
  if (!enabled()) return;
  const at::NoGradGuard no_grad;
  const double decay = std::min(decay_, static_cast<double>(1 + n) / static_cast<double>(10 + n));
  at::_foreach_lerp_(values_of(average_), values_of(parameters_), 1.0 - decay);
}

void Ema::swap() {
  if (!enabled()) return;
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor weights = parameters_[i].second.detach().clone();
    parameters_[i].second.copy_(average_[i].second);
    average_[i].second.copy_(weights);
  }
}

}  // namespace flashrna
