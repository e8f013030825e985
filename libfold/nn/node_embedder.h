// The first single representation: where a residue stands in the chain, and at what time.
#pragma once

#include "kernels/torch_headers.h"

namespace flashrna {

class NodeEmbedderImpl : public torch::nn::Module {
 public:
  NodeEmbedderImpl(int64_t node_channels, int64_t position_channels, int64_t time_channels,
                   bool short_index_periods = false);
  // t [B], residue_index [B, L] i64, mask [B, L] of the weights' dtype -> [B, L, node_channels].
  // The embeddings, not the result, are masked: a padded row is the layer's bias.
  at::Tensor forward(const at::Tensor& t, const at::Tensor& residue_index, const at::Tensor& mask);

 private:
  int64_t position_channels_, time_channels_;
  bool short_index_periods_;
  torch::nn::Linear linear{nullptr};
};
TORCH_MODULE(NodeEmbedder);

}  // namespace flashrna
