#include "libfold/nn/torsion_head.h"

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

TorsionBlockImpl::TorsionBlockImpl(int64_t channels) {
  linear_1 = register_module("linear_1", Linear(channels, channels));
  linear_2 = register_module("linear_2", Linear(channels, channels));
}

Tensor TorsionBlockImpl::forward(const Tensor& x) { return x + linear_2(linear_1(at::relu(x)).relu_()); }

TorsionHeadImpl::TorsionHeadImpl(int64_t node_channels, int64_t hidden_channels, int64_t n_blocks, int64_t n_angles)
    : n_angles_(n_angles) {
  linear_in = register_module("linear_in", Linear(node_channels, hidden_channels));
  linear_initial = register_module("linear_initial", Linear(node_channels, hidden_channels));
  layers = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < n_blocks; ++i) layers->push_back(TorsionBlock(hidden_channels));
  linear_out = register_module("linear_out", Linear(hidden_channels, 2 * n_angles));
}

Tensor TorsionHeadImpl::unnormalized(const Tensor& single, const Tensor& initial) {
  Tensor hidden = linear_in(at::relu(single)) + linear_initial(at::relu(initial));
  for (const auto& block : *layers) hidden = block->as<TorsionBlockImpl>()->forward(hidden);
  const ScopedAutocast output_in_full(single.device(), false);
  return linear_out(at::relu(full_precision(hidden))).view({single.size(0), single.size(1), n_angles_, 2});
}

Tensor TorsionHeadImpl::forward(const Tensor& single, const Tensor& initial) {
  const Tensor raw = unnormalized(single, initial);
  return raw / raw.square().sum(3, /*keepdim=*/true).clamp_min(1e-12).sqrt();
}

}  // namespace flashrna
