#include "libfold/nn/node_embedder.h"

#include "libfold/nn/index_embedding.h"

namespace flashrna {

using at::Tensor;

NodeEmbedderImpl::NodeEmbedderImpl(int64_t node_channels, int64_t position_channels, int64_t time_channels,
                                   bool short_index_periods)
    : position_channels_(position_channels), time_channels_(time_channels), short_index_periods_(short_index_periods) {
  linear = register_module("linear", torch::nn::Linear(position_channels + time_channels, node_channels));
}

Tensor NodeEmbedderImpl::forward(const Tensor& t, const Tensor& residue_index, const Tensor& mask) {
  const int64_t L = residue_index.size(1);
  const Tensor position =
      index_embedding(residue_index, position_channels_, mask.scalar_type(), short_index_periods_);  // [B, L, c]
  const Tensor time = time_embedding(t, time_channels_, mask.scalar_type()).unsqueeze(1).expand({-1, L, -1});
  return linear(at::cat({position, time}, 2) * mask.unsqueeze(2));
}

}  // namespace flashrna
