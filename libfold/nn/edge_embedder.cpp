#include "libfold/nn/edge_embedder.h"

#include <limits>
#include <utility>
#include <vector>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "libfold/device_constants.h"
#include "libfold/mixed_precision.h"
#include "libfold/nn/index_embedding.h"
#include "rna/assembly.h"

namespace flashrna {

using at::Tensor;

namespace {
constexpr double kSelfDistance = 1e6;   // Å; published: added to a residue's distance to itself
constexpr int64_t kLargestOffset = 64;  // residues; larger offsets share one embedding
static_assert(kChainJoin > kLargestOffset, "residues of different molecules are never neighbors along a chain");
}  // namespace

Tensor distance_bins(const Tensor& distances, int64_t bins) {
  static DeviceConstants<int64_t, std::pair<Tensor, Tensor>> constants;  // lower and upper edges
  const auto& [lower, upper] = constants.get(bins, distances, [&](const at::TensorOptions& options) {
    const Tensor from = at::linspace(1e-3, 20.0, bins, options);
    return std::pair(from, at::cat({from.narrow(0, 1, bins - 1), at::full({1}, 1e8, options)}));
  });
  const Tensor d = distances.unsqueeze(-1);
  return at::logical_and(d > lower, d < upper).to(distances.scalar_type());
}

PairPerceptronImpl::PairPerceptronImpl(int64_t in_channels, int64_t channels) {
  linear_0 = register_module("0", Linear(in_channels, channels));
  linear_2 = register_module("2", Linear(channels, channels));
  linear_4 = register_module("4", Linear(channels, channels));
  norm_5 = register_module("5", torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels})));
}

Tensor PairPerceptronImpl::forward(const Tensor& features) {
  Tensor hidden = linear_0(features).relu_();
  hidden = linear_2(hidden).relu_();
  return norm_5(full_precision(linear_4(hidden)));
}

EdgeEmbedderImpl::EdgeEmbedderImpl(const EdgeEmbedderConfig& config) : config_(config) {
  const int64_t factors = 2 * config.pair_rank;
  const int64_t neighbor_channels = config.neighbors * (config.distance_bins + config.feature_channels);
  linear_s_p = register_module("linear_s_p", Linear(config.node_channels, factors * config.feature_channels));
  linear_relpos =
      register_module("linear_relpos", Linear(config.feature_channels, factors * 2 * config.feature_channels));
  linear_t_distogram = register_module("linear_t_distogram", Linear(neighbor_channels, factors * config.distance_bins));
  linear_sc_distogram =
      register_module("linear_sc_distogram", Linear(neighbor_channels, factors * config.distance_bins));
  edge_embedder = register_module(
      "edge_embedder", PairPerceptron(3 * config.feature_channels + 2 * config.distance_bins, config.pair_channels));
}

EdgeEmbedderImpl::Neighbors EdgeEmbedderImpl::find_neighbors(const Tensor& translations, const Tensor& given,
                                                             const Tensor& lengths) const {
  const int64_t B = translations.size(0), L = translations.size(1), k = config_.neighbors;
  const auto distances_to = [&](const Tensor& indices) {
    const Tensor rows = indices.clamp_min(0).view({B, -1, 1}).expand({-1, -1, 3});
    return (translations.gather(1, rows).view({B, L, -1, 3}) - translations.unsqueeze(2)).norm(2, 3);
  };
  if (given.defined()) {
    Tensor distances = distances_to(given);
    if (config_.self_as_last_neighbor) {
      const Tensor own = at::arange(L, given.options()).view({1, L, 1});
      distances = distances + (given == own) * kSelfDistance;
    }
    return {given, distances};
  }
  // Published: padding counts as residues, so each row searches the whole padded length.
  const Tensor searched = config_.neighbors_include_padding ? at::full_like(lengths, L) : lengths;
  const int64_t along_chain = config_.chain_neighbors, nearest = k - along_chain;
  std::vector<Tensor> indices, distances;
  if (along_chain > 0) {
    // i - n ... i - 1, i + 1 ... i + n: always included, whatever their distance in the noisy structure.
    const Tensor steps = at::arange(along_chain, lengths.options()) - along_chain / 2;
    const Tensor wanted = at::arange(L, lengths.options()).view({1, L, 1}) + steps + (steps >= 0);
    const Tensor inside = (wanted >= 0) & (wanted < lengths.view({B, 1, 1}));
    indices.push_back(wanted.masked_fill(~inside, -1));
    distances.push_back(distances_to(indices.back().contiguous()));
  }
  if (nearest > 0) {
    const NearestNeighbors found = nearest_neighbors(
        translations, searched, nearest, {.self_distance = config_.self_as_last_neighbor ? kSelfDistance : 0.0});
    indices.push_back(found.indices);
    distances.push_back(found.distances);
  }
  return {at::cat(indices, 2), at::cat(distances, 2)};
}

Tensor EdgeEmbedderImpl::neighbor_features(const Tensor& translations, const Tensor& given_neighbors,
                                           const EdgeEmbedderInput& in, const Tensor& index_features, Linear& linear) {
  const int64_t B = translations.size(0), L = translations.size(1), k = config_.neighbors;
  const auto [neighbors, distances] = find_neighbors(translations, given_neighbors, in.lengths);
  // A missing neighbor has zero features: its distance is beyond every bin, and its index selects an extra row of
  // zeros.
  const int64_t f = config_.feature_channels;
  const Tensor missing = neighbors < 0;  // [B, L, k]
  const Tensor bins = distance_bins(distances.detach().masked_fill(missing, std::numeric_limits<double>::infinity()),
                                    config_.distance_bins);
  if (config_.relative_positions) {
    const Tensor index = in.residue_index.gather(1, neighbors.clamp_min(0).view({B, L * k})).view({B, L, k});
    const Tensor offset = (index - in.residue_index.unsqueeze(2)).clamp(-kLargestOffset, kLargestOffset);
    const Tensor features = index_embedding(offset, f, bins.scalar_type()).masked_fill(missing.unsqueeze(3), 0);
    return linear(at::cat({bins, features}, 3).flatten(2));
  }
  const Tensor rows = at::cat({index_features, at::zeros({B, 1, f}, index_features.options())}, 1);
  const Tensor rows_of_neighbors = neighbors.masked_fill(missing, L).view({B, L * k, 1}).expand({-1, -1, f});
  return linear(at::cat({bins, rows.gather(1, rows_of_neighbors).view({B, L, k, f})}, 3).flatten(2));
}

PairRepresentation EdgeEmbedderImpl::forward(const EdgeEmbedderInput& in) {
  const int64_t B = in.node.size(0), L = in.node.size(1), R = config_.pair_rank, f = config_.feature_channels;
  const auto by_factor = [&](const Tensor& x) { return x.view({B, L, 2, R, -1}); };

  const Tensor index_features =  // [B, L, f]
      config_.relative_positions
          ? at::zeros({B, L, f}, in.node.options())
          : index_embedding(in.residue_index, f, in.node.scalar_type(), config_.short_index_periods);
  const Tensor noisy = neighbor_features(in.translations.detach(), {}, in, index_features, linear_t_distogram);
  Tensor conditioned;
  if (in.self_condition.defined()) {
    conditioned = neighbor_features(in.self_condition.detach(), in.self_condition_neighbors, in, index_features,
                                    linear_sc_distogram);
  } else {
    conditioned = linear_sc_distogram->bias.expand({B, L, -1});
  }
  const Tensor features = at::cat({by_factor(linear_s_p(in.node)), by_factor(linear_relpos(index_features)),
                                   by_factor(noisy), by_factor(conditioned.contiguous())},
                                  4);              // [B, L, 2, R, 3 f + 2 bins]
  const Tensor factors = edge_embedder(features);  // [B, L, 2, R, C]
  return {.factor_1 = factors.select(2, 0), .factor_2 = factors.select(2, 1)};
}

}  // namespace flashrna
