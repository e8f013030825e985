// Updates the pair representation from itself and from the single representation, in factorized or full form.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/nn/pair_representation.h"

namespace flashrna {

// The two hidden layers, named by their published numbers.
class EdgeTrunkImpl : public torch::nn::Module {
 public:
  explicit EdgeTrunkImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);

 private:
  Linear linear_0{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(EdgeTrunk);

class EdgeTransitionImpl : public torch::nn::Module {
 public:
  EdgeTransitionImpl(int64_t node_channels, int64_t pair_channels, int64_t pair_rank);
  // single [B, L, node_channels], both factors defined -> both factors
  PairRepresentation forward(const at::Tensor& single, const PairRepresentation& pair);

 private:
  int64_t pair_rank_;
  Linear initial_embed{nullptr}, edge_bias_linear{nullptr};
  EdgeTrunk trunk{nullptr};
  Linear final_layer{nullptr};
  torch::nn::LayerNorm layer_norm{nullptr};
};
TORCH_MODULE(EdgeTransition);

class EdgeTransition2dImpl : public torch::nn::Module {
 public:
  EdgeTransition2dImpl(int64_t node_channels, int64_t pair_channels);
  // single [B, L, node_channels], full pair representation -> updated full pair representation
  PairRepresentation forward(const at::Tensor& single, const PairRepresentation& pair);

 private:
  Linear initial_embed{nullptr};
  EdgeTrunk trunk{nullptr};
  Linear final_layer{nullptr};
  torch::nn::LayerNorm layer_norm{nullptr};
};
TORCH_MODULE(EdgeTransition2d);

}  // namespace flashrna
