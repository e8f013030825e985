#include "libfold/nn/local_edges.h"

#include <vector>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "libfold/device_constants.h"
#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kSumScale = 1.0 / 8;  // factor of the unweighted sum of messages
constexpr int64_t kPairReach = 2;      // largest offset from a partner with a class of its own

// Constants of the list on a device.
struct ListConstants {
  Tensor chain, partner;         // [2 kChainReach], [3]: steps along the chain, from the partner
  Tensor chain_bins, pair_bins;  // [2 reach + 1]
  Tensor list_of;                // [1, 1, E, 5] bool: chain, partner, its two neighbors, nearest
};

const ListConstants& list_constants(const Tensor& like) {
  static DeviceConstants<int, ListConstants> constants;
  return constants.get(0, like, [](const at::TensorOptions& options) {
    std::vector<int64_t> chain;
    for (int64_t d = -kChainReach; d <= kChainReach; ++d)
      if (d != 0) chain.push_back(d);
    const Tensor list = (at::arange(kEdgesPerResidue, at::kLong) - (2 * kChainReach - 1)).clamp(0, 4);
    const auto bins = [](int64_t reach) { return at::arange(-reach, reach + 1, at::kLong); };
    const Tensor list_of = (list.unsqueeze(1) == at::arange(5, at::kLong)).view({1, 1, kEdgesPerResidue, 5});
    return ListConstants{at::tensor(chain, at::kLong).to(options), at::tensor({0L, -1L, 1L}, at::kLong).to(options),
                         bins(kChainReach).to(options), bins(kPairReach).to(options), list_of.to(options.device())};
  });
}

// One-hot of x in `bins`, zero elsewhere and where `defined` is false: [...] -> [..., bins].
Tensor offset_one_hot(const Tensor& x, const Tensor& bins, const Tensor& defined) {
  return (x.unsqueeze(-1) == bins) & defined.unsqueeze(-1);
}

Tensor values_at(const Tensor& x, const Tensor& index) {  // x [B, L], index [B, L, E] -> [B, L, E]
  return x.gather(1, index.flatten(1)).view(index.sizes());
}

}  // namespace

EdgeList make_edge_list(const Tensor& translations, const Tensor& residue_index, const Tensor& lengths,
                        const Conditioning& conditioning) {
  const int64_t B = translations.size(0), L = translations.size(1);
  const Tensor place = at::arange(L, lengths.options()).view({1, L, 1});
  const Tensor partner =
      conditioning.partner.defined() ? conditioning.partner : at::full({B, L}, kUnspecified, residue_index.options());
  const Tensor has_partner = (partner >= 0).unsqueeze(2);

  const ListConstants& constants = list_constants(lengths);
  const Tensor wanted = at::cat({(place + constants.chain).expand({B, L, -1}),
                                 at::where(has_partner, partner.unsqueeze(2) + constants.partner, -1),
                                 nearest_neighbors(translations.detach(), lengths, kNearestEdges).indices},
                                2);

  EdgeList edges;
  edges.present = (wanted >= 0) & (wanted < lengths.view({B, 1, 1})) & (place < lengths.view({B, 1, 1}));
  edges.neighbors = at::where(edges.present, wanted, 0);

  const Tensor& j = edges.neighbors;
  const Tensor offset = values_at(residue_index, j) - residue_index.unsqueeze(2);
  const Tensor size = offset.abs();
  const Tensor partner_i = partner.unsqueeze(2).expand_as(j), partner_j = values_at(partner, j);
  const auto one = [](const Tensor& x) { return x.unsqueeze(3); };
  const auto scalar = translations.scalar_type();
  const Tensor fixed =
      conditioning.fixed.defined() ? conditioning.fixed : at::zeros({B, L}, residue_index.options().dtype(at::kBool));
  const Tensor chain = conditioning.chain.defined() ? conditioning.chain : at::zeros({B, L}, residue_index.options());
  const Tensor flags = at::cat(
      {offset_one_hot(offset, constants.chain_bins, edges.present), one(size > kChainReach),
       constants.list_of.expand({B, L, -1, -1}), one(partner_i >= kUnpaired), one(partner_i >= 0), one(partner_j >= 0),
       offset_one_hot(j - partner_i, constants.pair_bins, partner_i >= 0),
       offset_one_hot(partner_j - place, constants.pair_bins, partner_j >= 0), one(fixed.unsqueeze(2).expand_as(j)),
       one(values_at(fixed, j)), one(values_at(chain, j) != chain.unsqueeze(2)), one(edges.present)},
      3);
  edges.features = at::cat({flags.to(scalar), one(offset.sign().to(scalar)), one(at::log1p(size.to(scalar)) * 0.2)}, 3);
  edges.nonzero = nonzero_bits(edges.features);
  edges.degrees = edges.present.sum(2, /*keepdim=*/true).to(scalar);
  return edges;
}

EdgePerceptronImpl::EdgePerceptronImpl(int64_t node_channels, int64_t hidden_channels) {
  using torch::nn::LinearOptions;
  linear_edge = register_module("linear_edge", Linear(kEdgeListFeatures + kEdgeFrameFeatures, hidden_channels));
  linear_q = register_module("linear_q", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_k = register_module("linear_k", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_2 = register_module("linear_2", Linear(hidden_channels, hidden_channels));
}

LocalEdgesInput EdgePerceptronImpl::operands(const Tensor& single, const Frames& frames, const EdgeList& edges,
                                             const Linear& out) {
  return {.center = linear_product(single, linear_q->weight, linear_edge->bias),
          .neighbor = linear_k(single),
          .rotations = frames.rotations,
          .translations = frames.translations,
          .weight_1 = linear_edge->weight,
          .weight_2 = linear_2->weight,
          .bias_2 = linear_2->bias,
          .out_weight = out->weight,
          .out_bias = out->bias,
          .edges = edges};
}

EdgeMessagesImpl::EdgeMessagesImpl(int64_t node_channels, int64_t hidden_channels) : hidden_channels_(hidden_channels) {
  perceptron = register_module("perceptron", EdgePerceptron(node_channels, hidden_channels));
  linear_attention = register_module("linear_attention", Linear(hidden_channels, kEdgeHeads));
  linear_v = register_module("linear_v", Linear(hidden_channels, hidden_channels));
  linear_out = register_module("linear_out", Linear(2 * hidden_channels, node_channels));
  norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({node_channels})));
}

Tensor EdgeMessagesImpl::forward(const Tensor& single, const Frames& frames, const EdgeList& edges) {
  const int64_t B = single.size(0), L = single.size(1), H = hidden_channels_, head = H / kEdgeHeads;
  const EdgeMessageSums sums = edge_messages(perceptron->operands(single, frames, edges, linear_attention));
  // Values are linear in the hidden channels: those of a sum of edges follow from the sum of their hidden channels.
  const Tensor hidden_by_head = sums.attended.view({B * L, kEdgeHeads, H}).transpose(0, 1);
  const Tensor weight_by_head = linear_v->weight.view({kEdgeHeads, head, H}).transpose(1, 2);
  const Tensor by_head = at::bmm(hidden_by_head, weight_by_head).transpose(0, 1).reshape({B, L, H});
  const Tensor attended = full_precision(by_head) + linear_v->bias * (edges.degrees > 0);
  const Tensor summed = full_precision(linear_product(sums.sum, linear_v->weight)) + linear_v->bias * edges.degrees;
  return norm(full_precision(single + linear_out(at::cat({attended, summed * kSumScale}, 2))));
}

EdgeVotesImpl::EdgeVotesImpl(int64_t node_channels, int64_t hidden_channels) {
  perceptron = register_module("perceptron", EdgePerceptron(node_channels, hidden_channels));
  linear_out = register_module("linear_out", Linear(hidden_channels, kVoteOutputs));
}

Frames EdgeVotesImpl::forward(const Tensor& single, const Frames& frames, const EdgeList& edges, const Tensor& mask) {
  const EdgeVoteMeans votes = edge_votes(perceptron->operands(single, frames, edges, linear_out));
  const ScopedAutocast frames_in_full(single.device(), false);
  const Tensor shift = at::matmul(frames.rotations, votes.shift.unsqueeze(3)).squeeze(3);
  const Tensor turned = at::matmul(frames.rotations, rotation_from_columns(votes.rotation));
  const Tensor moves = mask.unsqueeze(2) > 0;
  return {at::where(moves.unsqueeze(3), turned, frames.rotations),
          at::where(moves, frames.translations + shift, frames.translations)};
}

}  // namespace flashrna
