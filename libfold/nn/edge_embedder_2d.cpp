#include "libfold/nn/edge_embedder_2d.h"

#include <cmath>

#include "base/error.h"
#include "libfold/batch.h"
#include "libfold/nn/index_embedding.h"

namespace flashrna {

using at::Tensor;

namespace {

// Distance bins of all pairs, [B, L, L, bins]; translations [B, L, 3] Å.
Tensor distogram(const Tensor& translations, int64_t bins) {
  const Tensor detached = translations.detach();
  return distance_bins((detached.unsqueeze(2) - detached.unsqueeze(1)).norm(2, 3), bins);
}

}  // namespace

EdgeEmbedder2dImpl::EdgeEmbedder2dImpl(const EdgeEmbedderConfig& config) : config_(config) {
  const int64_t f = config.feature_channels;
  linear_s_p = register_module("linear_s_p", Linear(config.node_channels, f));
  linear_relpos = register_module("linear_relpos", Linear(f, f));
  edge_embedder =
      register_module("edge_embedder", PairPerceptron(3 * f + 2 * config.distance_bins, config.pair_channels));
}

Tensor EdgeEmbedder2dImpl::embed(const EdgeEmbedderInput& in) {
  const int64_t B = in.node.size(0), L = in.node.size(1), f = config_.feature_channels;
  const Tensor node = linear_s_p(in.node);  // [B, L, f]
  const Tensor offset = in.residue_index.unsqueeze(2) - in.residue_index.unsqueeze(1);
  const Tensor position = linear_relpos(index_embedding(offset, f, in.node.scalar_type(), config_.short_index_periods));
  const Tensor noisy = distogram(in.translations, config_.distance_bins);
  const Tensor conditioned =
      in.self_condition.defined() ? distogram(in.self_condition, config_.distance_bins) : at::zeros_like(noisy);
  const Tensor features = at::cat(
      {node.unsqueeze(2).expand({B, L, L, f}), node.unsqueeze(1).expand({B, L, L, f}), position, noisy, conditioned},
      3);
  const Tensor real = mask_from_lengths(in.lengths, L);
  return edge_embedder(features) * (real.unsqueeze(2) & real.unsqueeze(1)).unsqueeze(3);
}

PairRepresentation EdgeEmbedder2dImpl::forward(const EdgeEmbedderInput& in) { return {.full = embed(in)}; }

PairFactorizerImpl::PairFactorizerImpl(int64_t pair_channels, int64_t pair_rank, int64_t max_length)
    : pair_rank_(pair_rank), max_length_(max_length) {
  const auto linear = [](int64_t in, int64_t out) { return Linear(torch::nn::LinearOptions(in, out).bias(false)); };
  length_compressor = register_module("length_compressor", linear(max_length, pair_rank));
  length_norm = register_module("length_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({pair_rank})));
  inner_compressor = register_module("inner_compressor", linear(pair_channels, pair_channels));
  inner_norm = register_module("inner_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({pair_channels})));
}

Tensor PairFactorizerImpl::compress(const Tensor& full) {
  // The published code pads the representation with zeros to max_length. Only the weights at real positions contribute.
  const Tensor weights = length_compressor->weight.narrow(1, 0, full.size(1));          // [R, L]
  const Tensor compressed = length_norm(at::einsum("rl,blmc->bmcr", {weights, full}));  // [B, L, C, R]
  return inner_norm(inner_compressor(compressed.transpose(2, 3))) / std::sqrt(static_cast<double>(pair_rank_));
}

PairRepresentation PairFactorizerImpl::forward(const Tensor& full) {
  if (full.size(1) > max_length_)
    fail("{} residues: model.mode = flash_2d_factorize_bias takes at most model.factorizer_length = {}", full.size(1),
         max_length_);
  return {.factor_1 = compress(full), .factor_2 = compress(full.transpose(1, 2))};
}

FactorizedEdgeEmbedder2dImpl::FactorizedEdgeEmbedder2dImpl(const EdgeEmbedderConfig& config, int64_t max_length)
    : EdgeEmbedder2dImpl(config) {
  factorizer = register_module("factorizer", PairFactorizer(config.pair_channels, config.pair_rank, max_length));
}

PairRepresentation FactorizedEdgeEmbedder2dImpl::forward(const EdgeEmbedderInput& in) { return factorizer(embed(in)); }

}  // namespace flashrna
