#include "libfold/nn/sequence_transformer.h"

#include <cmath>

#include "kernels/padding.h"

namespace flashrna {

using at::Tensor;

namespace {
torch::nn::LayerNorm layer_norm(int64_t channels) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}));
}

// q, k, v [B, H, L, c]. On a GPU heads are padded to a multiple of 8 channels: with others LibTorch silently uses an
// implementation that allocates L x L.
Tensor attend(Tensor q, Tensor k, Tensor v, const c10::optional<Tensor>& mask) {
  const int64_t width = q.size(3), missing = q.is_cuda() ? (8 - width % 8) % 8 : 0;
  if (missing == 0) return at::scaled_dot_product_attention(q, k, v, mask);
  for (Tensor* x : {&q, &k, &v}) *x = at::constant_pad_nd(*x, {0, missing});
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  return at::scaled_dot_product_attention(q, k, v, mask, 0.0, /*is_causal=*/false, scale).narrow(3, 0, width);
}
}  // namespace

SelfAttentionImpl::SelfAttentionImpl(int64_t channels, int64_t heads) : heads_(heads) {
  in_proj_weight = register_parameter("in_proj_weight", torch::zeros({3 * channels, channels}));
  in_proj_bias = register_parameter("in_proj_bias", torch::zeros({3 * channels}));
  out_proj = register_module("out_proj", Linear(channels, channels));
}

Tensor SelfAttentionImpl::forward(const Tensor& x, const Tensor& key_padding, const RotaryAngles* positions) {
  const int64_t B = x.size(0), L = x.size(1);
  const Tensor qkv =
      linear_product(x, in_proj_weight, in_proj_bias).view({B, L, 3, heads_, -1}).permute({2, 0, 3, 1, 4});
  const c10::optional<Tensor> mask = key_padding.defined() ? c10::optional<Tensor>(key_padding) : c10::nullopt;
  const auto placed = [positions](const Tensor& head) { return positions ? rotate_by(*positions, head, true) : head; };
  const Tensor heads = attend(placed(qkv[0]), placed(qkv[1]), qkv[2], mask);  // [B, H, L, c]
  return out_proj(heads.transpose(1, 2).reshape({B, L, -1}));
}

TransformerLayerImpl::TransformerLayerImpl(int64_t channels, int64_t heads) {
  self_attn = register_module("self_attn", SelfAttention(channels, heads));
  norm1 = register_module("norm1", layer_norm(channels));
  linear1 = register_module("linear1", Linear(channels, channels));
  linear2 = register_module("linear2", Linear(channels, channels));
  norm2 = register_module("norm2", layer_norm(channels));
}

Tensor TransformerLayerImpl::forward(const Tensor& x, const Tensor& key_padding, const RotaryAngles* positions) {
  const Tensor attended = norm1(x + self_attn(x, key_padding, positions));
  return norm2(attended + linear2(linear1(attended).relu_()));
}

SequenceTransformerImpl::SequenceTransformerImpl(int64_t channels, int64_t heads, int64_t n_layers) {
  layers = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < n_layers; ++i) layers->push_back(TransformerLayer(channels, heads));
}

Tensor SequenceTransformerImpl::forward(const Tensor& x, const Tensor& lengths, std::optional<bool> padded,
                                        const RotaryAngles* positions) {
  if (x.numel() == 0) return x;
  const PaddingMasks masks = make_padding_masks(lengths, x.size(1), x.scalar_type());
  const bool mask = padded ? *padded : masks.padding.any().item<bool>();
  return forward_masked(x, mask ? masks.key_logits : Tensor(), positions);
}

Tensor SequenceTransformerImpl::forward_masked(const Tensor& x, const Tensor& key_logits,
                                               const RotaryAngles* positions) {
  if (x.numel() == 0) return x;
  // Without padding no mask is passed, which allows LibTorch's fastest implementation.
  const Tensor key_padding =
      key_logits.defined() ? key_logits.to(x.scalar_type()).view({x.size(0), 1, 1, x.size(1)}) : Tensor();
  Tensor hidden = x;
  for (const auto& layer : *layers) hidden = layer->as<TransformerLayerImpl>()->forward(hidden, key_padding, positions);
  return hidden;
}

}  // namespace flashrna
