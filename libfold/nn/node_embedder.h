// The first single representation: where a residue stands in the chain, at what time, and what is asked of it.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/conditioning.h"

namespace flashrna {

class NodeEmbedderImpl : public torch::nn::Module {
 public:
  NodeEmbedderImpl(int64_t node_channels, int64_t position_channels, int64_t time_channels,
                   bool short_index_periods = false, bool relative_positions = false);
  // t [B], residue_index [B, L] i64, mask [B, L] of the weights' dtype -> [B, L, node_channels].
  // The embeddings, not the result, are masked: a padded row is the layer's bias. With relative positions the residue
  // index enters elsewhere, and zeros stand for it here.
  at::Tensor forward(const at::Tensor& t, const at::Tensor& residue_index, const at::Tensor& mask);

 private:
  int64_t position_channels_, time_channels_;
  bool short_index_periods_, relative_positions_;
  torch::nn::Linear linear{nullptr};
};
TORCH_MODULE(NodeEmbedder);

// What the network is told of each residue, added to its first single representation.
class ConditionEmbedderImpl : public torch::nn::Module {
 public:
  explicit ConditionEmbedderImpl(int64_t node_channels);
  // Members of `told` may be undefined. mask [B, L] of the weights' dtype -> [B, L, node_channels].
  at::Tensor forward(const Conditioning& told, const at::Tensor& mask);

 private:
  torch::nn::Linear linear{nullptr};
};
TORCH_MODULE(ConditionEmbedder);

}  // namespace flashrna
