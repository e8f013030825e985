#include "libfold/nn/torsion_head.h"

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

TorsionBlockImpl::TorsionBlockImpl(int64_t channels) {
  linear_1 = register_module("linear_1", Linear(channels, channels));
  linear_2 = register_module("linear_2", Linear(channels, channels));
}

Tensor TorsionBlockImpl::forward(const Tensor& x) { return x + linear_2(linear_1(at::relu(x)).relu_()); }

Tensor Conformers::likeliest() const { return logits.argmax(2); }

Tensor Conformers::take(const Tensor& index) const {
  const int64_t n = torsions.size(3);
  const Tensor rows = index.view({index.size(0), index.size(1), 1, 1, 1}).expand({-1, -1, 1, n, 2});
  return torsions.gather(2, rows).squeeze(2);
}

TorsionHeadImpl::TorsionHeadImpl(int64_t node_channels, int64_t hidden_channels, int64_t n_blocks, int64_t n_angles,
                                 int64_t n_conformers)
    : n_angles_(n_angles), n_conformers_(n_conformers) {
  linear_in = register_module("linear_in", Linear(node_channels, hidden_channels));
  linear_initial = register_module("linear_initial", Linear(node_channels, hidden_channels));
  layers = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < n_blocks; ++i) layers->push_back(TorsionBlock(hidden_channels));
  linear_out = register_module("linear_out", Linear(hidden_channels, 2 * n_angles * n_conformers));
  if (n_conformers > 1) linear_logits = register_module("linear_logits", Linear(hidden_channels, n_conformers));
}

Tensor TorsionHeadImpl::hidden(const Tensor& single, const Tensor& initial) {
  Tensor x = linear_in(at::relu(single)) + linear_initial(at::relu(initial));
  for (const auto& block : *layers) x = block->as<TorsionBlockImpl>()->forward(x);
  return at::relu(full_precision(x));
}

Tensor TorsionHeadImpl::sin_cos(const Tensor& hidden) {
  return linear_out(hidden).view({hidden.size(0), hidden.size(1), n_conformers_, n_angles_, 2});
}

Tensor TorsionHeadImpl::unnormalized(const Tensor& single, const Tensor& initial) {
  const Tensor x = hidden(single, initial);
  const ScopedAutocast output_in_full(single.device(), false);
  return sin_cos(x).select(2, 0);
}

Conformers TorsionHeadImpl::forward(const Tensor& single, const Tensor& initial) {
  const Tensor x = hidden(single, initial);
  const ScopedAutocast output_in_full(single.device(), false);
  const Tensor raw = sin_cos(x);
  return {raw / raw.square().sum(4, /*keepdim=*/true).clamp_min(1e-12).sqrt(),
          n_conformers_ > 1 ? linear_logits(x) : Tensor()};
}

}  // namespace flashrna
