#include "libfold/nn/edge_transition.h"

#include <cmath>

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

EdgeTrunkImpl::EdgeTrunkImpl(int64_t channels) {
  linear_0 = register_module("0", Linear(channels, channels));
  linear_2 = register_module("2", Linear(channels, channels));
}

Tensor EdgeTrunkImpl::forward(const Tensor& x) { return linear_2(linear_0(x).relu_()).relu_(); }

EdgeTransitionImpl::EdgeTransitionImpl(int64_t node_channels, int64_t pair_channels, int64_t pair_rank)
    : pair_rank_(pair_rank) {
  const int64_t half = node_channels / 2;
  initial_embed = register_module("initial_embed", Linear(node_channels, half));
  edge_bias_linear = register_module("edge_bias_linear", Linear(half, 2 * pair_rank * node_channels));
  trunk = register_module("trunk", EdgeTrunk(pair_channels + node_channels));
  final_layer = register_module("final_layer", Linear(pair_channels + node_channels, pair_channels));
  layer_norm = register_module("layer_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({pair_channels})));
}

PairRepresentation EdgeTransitionImpl::forward(const Tensor& single, const PairRepresentation& pair) {
  const int64_t B = single.size(0), L = single.size(1);
  const Tensor node = edge_bias_linear(initial_embed(single)).view({B, L, 2, pair_rank_, -1});
  const Tensor x = at::cat({at::stack({pair.factor_1, pair.factor_2}, 2), node}, 4) / std::sqrt(2.0);
  const Tensor factors = layer_norm(full_precision(final_layer(trunk(x) + x)));  // [B, L, 2, R, C]
  return {.factor_1 = factors.select(2, 0), .factor_2 = factors.select(2, 1)};
}

EdgeTransition2dImpl::EdgeTransition2dImpl(int64_t node_channels, int64_t pair_channels) {
  initial_embed = register_module("initial_embed", Linear(node_channels, node_channels / 2));
  trunk = register_module("trunk", EdgeTrunk(pair_channels + node_channels));
  final_layer = register_module("final_layer", Linear(pair_channels + node_channels, pair_channels));
  layer_norm = register_module("layer_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({pair_channels})));
}

PairRepresentation EdgeTransition2dImpl::forward(const Tensor& single, const PairRepresentation& pair) {
  const int64_t B = single.size(0), L = single.size(1);
  const Tensor node = initial_embed(single);  // [B, L, node_channels / 2]
  const Tensor x =
      at::cat({pair.full, node.unsqueeze(2).expand({B, L, L, -1}), node.unsqueeze(1).expand({B, L, L, -1})}, 3);
  return {.full = layer_norm(full_precision(final_layer(trunk(x) + x)))};
}

}  // namespace flashrna
