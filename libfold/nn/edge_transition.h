// Updates both pair factors from themselves and from the single representation.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/edge_embedder.h"

namespace flashrna {

// The two hidden layers, under their published numbers.
class EdgeTrunkImpl : public torch::nn::Module {
 public:
  explicit EdgeTrunkImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::Linear linear_0{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(EdgeTrunk);

class EdgeTransitionImpl : public torch::nn::Module {
 public:
  EdgeTransitionImpl(int64_t node_channels, int64_t pair_channels, int64_t pair_rank);
  PairFactors forward(const at::Tensor& single, const PairFactors& pair);  // single [B, L, node_channels]

 private:
  int64_t pair_rank_;
  torch::nn::Linear initial_embed{nullptr}, edge_bias_linear{nullptr};
  EdgeTrunk trunk{nullptr};
  torch::nn::Linear final_layer{nullptr};
  torch::nn::LayerNorm layer_norm{nullptr};
};
TORCH_MODULE(EdgeTransition);

}  // namespace flashrna
