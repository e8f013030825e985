// The initial single representation: embeddings of residue index, time and condition.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/conditioning.h"
#include "libfold/nn/linear.h"

namespace flashrna {

class NodeEmbedderImpl : public torch::nn::Module {
 public:
  NodeEmbedderImpl(int64_t node_channels, int64_t position_channels, int64_t time_channels,
                   bool short_index_periods = false, bool relative_positions = false);
  // t [B], residue_index [B, L] i64, mask [B, L] of the weights' dtype -> [B, L, node_channels].
  // Masks the embeddings, not the result: a padded row equals the layer's bias. With relative positions, zeros replace
  // the embedding of the residue index, which enters elsewhere.
  at::Tensor forward(const at::Tensor& t, const at::Tensor& residue_index, const at::Tensor& mask);

 private:
  int64_t position_channels_, time_channels_;
  bool short_index_periods_, relative_positions_;
  Linear linear{nullptr};
};
TORCH_MODULE(NodeEmbedder);

// Embeds the condition of each residue; the result is added to the initial single representation.
class ConditionEmbedderImpl : public torch::nn::Module {
 public:
  explicit ConditionEmbedderImpl(int64_t node_channels);
  // Members of `conditioning` may be undefined. mask [B, L] of the weights' dtype -> [B, L, node_channels].
  at::Tensor forward(const Conditioning& conditioning, const at::Tensor& mask);

 private:
  Linear linear{nullptr};
};
TORCH_MODULE(ConditionEmbedder);

}  // namespace flashrna
