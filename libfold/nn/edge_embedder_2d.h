// The published full pair representation, one vector per pair, for comparison: O(L^2) memory. Also its factorization by
// learned compressions of each row and each column, for chains up to a fixed length.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/edge_embedder.h"
#include "libfold/nn/linear.h"

namespace flashrna {

class EdgeEmbedder2dImpl : public torch::nn::Module {
 public:
  explicit EdgeEmbedder2dImpl(const EdgeEmbedderConfig& config);
  // Full [B, L, L, pair_channels], zero where either residue is padding. Ignores the neighbors of the input.
  PairRepresentation forward(const EdgeEmbedderInput& input);

 protected:
  at::Tensor embed(const EdgeEmbedderInput& input);

 private:
  EdgeEmbedderConfig config_;
  Linear linear_s_p{nullptr}, linear_relpos{nullptr};
  PairPerceptron edge_embedder{nullptr};
};
TORCH_MODULE(EdgeEmbedder2d);

// [B, L, L, C] -> two factors [B, L, R, C], with the same weights.
class PairFactorizerImpl : public torch::nn::Module {
 public:
  PairFactorizerImpl(int64_t pair_channels, int64_t pair_rank, int64_t max_length);
  // Throws Error if L is above max_length.
  PairRepresentation forward(const at::Tensor& full);

 private:
  at::Tensor compress(const at::Tensor& full);  // over the first of the two residues

  int64_t pair_rank_, max_length_;
  Linear length_compressor{nullptr};
  torch::nn::LayerNorm length_norm{nullptr};
  Linear inner_compressor{nullptr};
  torch::nn::LayerNorm inner_norm{nullptr};
};
TORCH_MODULE(PairFactorizer);

class FactorizedEdgeEmbedder2dImpl : public EdgeEmbedder2dImpl {
 public:
  FactorizedEdgeEmbedder2dImpl(const EdgeEmbedderConfig& config, int64_t max_length);
  PairRepresentation forward(const EdgeEmbedderInput& input);

 private:
  PairFactorizer factorizer{nullptr};
};
TORCH_MODULE(FactorizedEdgeEmbedder2d);

}  // namespace flashrna
