// The layer around flash_ipa: projections of the single and pair representations, and the output projection.
// Jumper et al. 2021 (doi:10.1038/s41586-021-03819-2), in the factorized form of FlashIPA (arXiv:2505.11580).
#pragma once

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/nn/pair_representation.h"
#include "libfold/nn/rotary_embedding.h"
#include "libfold/rigid.h"

namespace flashrna {

struct InvariantPointAttentionConfig {
  int64_t node_channels = 256;
  int64_t pair_channels = 128;  // a multiple of 4; 0 = no pair representation
  int64_t channels = 128;       // per head
  int64_t heads = 8;
  int64_t query_points = 8;
  int64_t value_points = 12;
  int64_t pair_rank = 2;
  bool unscaled_pair_bias = false;  // published
  AttentionBackend backend = AttentionBackend::kAuto;
  FusedPrecision precision = FusedPrecision::kFast;  // of the fused backend
};

class InvariantPointAttentionImpl : public torch::nn::Module {
 public:
  explicit InvariantPointAttentionImpl(const InvariantPointAttentionConfig& config);
  // single [B, L, node_channels], frames [B, L] in nm, lengths [B] -> update [B, L, node_channels]. `pair` holds
  // factors or the full form, or neither if pair_channels = 0. The full form needs O(L^2) memory. With `positions`, the
  // scalar queries and keys get a rotary embedding. `masks`: FlashIpaInput::masks.
  at::Tensor forward(const at::Tensor& single, const PairRepresentation& pair, const Frames& frames,
                     const at::Tensor& lengths, const RotaryAngles* positions = nullptr,
                     const PaddingMasks& masks = {});

 private:
  FlashIpaInput project(const at::Tensor& single, const Frames& frames, const at::Tensor& lengths);

  InvariantPointAttentionConfig config_;
  torch::Tensor head_weights;
  Linear linear_q{nullptr}, linear_kv{nullptr}, linear_q_points{nullptr}, linear_kv_points{nullptr};
  Linear linear_b{nullptr}, down_z{nullptr}, linear_out{nullptr};
};
TORCH_MODULE(InvariantPointAttention);

}  // namespace flashrna
