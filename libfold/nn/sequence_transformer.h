// Self-attention along the sequence: the post-norm transformer encoder of Vaswani et al. 2017 (arXiv:1706.03762) with
// ReLU.
#pragma once

#include <optional>

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/nn/rotary_embedding.h"

namespace flashrna {

class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t channels, int64_t heads);
  // x [B, L, channels]; key_padding [B, 1, 1, L] additive (0 or a large negative number) or undefined. With
  // `positions`, queries and keys get a rotary embedding.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_padding, const RotaryAngles* positions);

 private:
  int64_t heads_;
  torch::Tensor in_proj_weight, in_proj_bias;  // rows in the order q, k, v
  Linear out_proj{nullptr};
};
TORCH_MODULE(SelfAttention);

class TransformerLayerImpl : public torch::nn::Module {
 public:
  TransformerLayerImpl(int64_t channels, int64_t heads);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_padding, const RotaryAngles* positions);

 private:
  SelfAttention self_attn{nullptr};
  Linear linear1{nullptr}, linear2{nullptr};
  torch::nn::LayerNorm norm1{nullptr}, norm2{nullptr};
};
TORCH_MODULE(TransformerLayer);

class SequenceTransformerImpl : public torch::nn::Module {
 public:
  SequenceTransformerImpl(int64_t channels, int64_t heads, int64_t n_layers);
  // x [B, L, channels], lengths [B] i64 -> [B, L, channels]. Padded keys are masked. `padded`: whether any row has
  // padding; if unset, computed from `lengths`, at the cost of a device synchronization. `positions`: angles for the
  // width of one head, or null.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& lengths, std::optional<bool> padded = std::nullopt,
                     const RotaryAngles* positions = nullptr);
  // The same with the logits of padded keys [B, L] (PaddingMasks::key_logits), undefined if no row has padding.
  at::Tensor forward_masked(const at::Tensor& x, const at::Tensor& key_logits, const RotaryAngles* positions);

 private:
  torch::nn::ModuleList layers{nullptr};
};
TORCH_MODULE(SequenceTransformer);

}  // namespace flashrna
