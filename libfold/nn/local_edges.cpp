#include "libfold/nn/local_edges.h"

#include <vector>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kHeads = 4;          // of the attention over messages
constexpr double kSumScale = 1.0 / 8;  // factor of the unweighted sum of messages
constexpr double kStayingLogit = 5.0;  // logit of keeping the current frame
constexpr int64_t kPairReach = 2;      // largest offset from a partner with a class of its own
constexpr double kMissingLogit = -1e9;

// One-hot of x in -reach ... reach, zero elsewhere and where `defined` is false: [...] -> [..., 2 reach + 1].
Tensor offset_one_hot(const Tensor& x, int64_t reach, const Tensor& defined) {
  const Tensor bins = at::arange(-reach, reach + 1, x.options());
  return (x.unsqueeze(-1) == bins) & defined.unsqueeze(-1);
}

Tensor values_at(const Tensor& x, const Tensor& index) {  // x [B, L], index [B, L, E] -> [B, L, E]
  return x.gather(1, index.flatten(1)).view(index.sizes());
}

// (x_j - x_i) in the frame of i and the other edge features that depend on frames: [B, L, E, kEdgeFrameFeatures].
Tensor frame_features(const Frames& frames, const EdgeList& edges) {
  const int64_t B = frames.translations.size(0), L = frames.translations.size(1), E = edges.neighbors.size(2);
  const Tensor packed = at::cat({frames.translations, frames.rotations.flatten(2)}, 2);  // [B, L, 12]
  const Tensor there = rows_at(packed, edges.neighbors);
  const Tensor to_local = frames.rotations.transpose(2, 3).unsqueeze(2);  // [B, L, 1, 3, 3]
  const Tensor offset = there.narrow(3, 0, 3) - frames.translations.unsqueeze(2);
  const Tensor local = at::matmul(offset.unsqueeze(3), frames.rotations.unsqueeze(2)).squeeze(3);  // R_i^T (t_j - t_i)
  const Tensor turn = at::matmul(to_local, there.narrow(3, 3, 9).view({B, L, E, 3, 3}));
  const Tensor distance = (local.square().sum(3, /*keepdim=*/true) + 1e-6).sqrt();  // nm
  constexpr double kWidth = 0.13;
  const Tensor radial =
      (-(distance - at::linspace(0.3, 2.2, 16, distance.options())).square() / (2 * kWidth * kWidth)).exp();
  return at::cat({radial, local / distance, local / (1 + distance), turn.flatten(3)}, 3);
}

}  // namespace

Tensor rows_at(const Tensor& x, const Tensor& index) {
  const int64_t B = x.size(0), L = x.size(1), F = x.size(2), E = index.size(2);
  const Tensor first = at::arange(B, index.options()).view({B, 1, 1}) * L;
  return x.reshape({B * L, F}).index_select(0, (index + first).view({-1})).view({B, L, E, F});
}

EdgeList make_edge_list(const Tensor& translations, const Tensor& residue_index, const Tensor& lengths,
                        const Conditioning& told) {
  const int64_t B = translations.size(0), L = translations.size(1);
  const Tensor place = at::arange(L, lengths.options()).view({1, L, 1});
  const Tensor partner = told.partner.defined() ? told.partner : at::full({B, L}, kNotSaid, residue_index.options());
  const Tensor has_partner = (partner >= 0).unsqueeze(2);

  std::vector<Tensor> lists;
  for (int64_t d = -kChainReach; d <= kChainReach; ++d)
    if (d != 0) lists.push_back((place + d).expand({B, L, 1}));
  for (int64_t d : {0, -1, 1}) lists.push_back(at::where(has_partner, partner.unsqueeze(2) + d, -1));
  lists.push_back(nearest_neighbors(translations.detach(), lengths, kNearestEdges).indices);
  const Tensor wanted = at::cat(lists, 2);

  EdgeList edges;
  edges.present = (wanted >= 0) & (wanted < lengths.view({B, 1, 1})) & (place < lengths.view({B, 1, 1}));
  edges.neighbors = at::where(edges.present, wanted, 0);

  const Tensor& j = edges.neighbors;
  const Tensor offset = values_at(residue_index, j) - residue_index.unsqueeze(2);
  const Tensor size = offset.abs();
  const Tensor partner_i = partner.unsqueeze(2).expand_as(j), partner_j = values_at(partner, j);
  Tensor list_of = at::zeros({kEdgesPerResidue, 5}, at::kBool);
  for (int64_t e = 0; e < kEdgesPerResidue; ++e) {
    const int64_t after_chain = e - 2 * kChainReach;
    list_of[e][after_chain < 0 ? 0 : after_chain < 3 ? 1 + after_chain : 4] = true;
  }
  const auto one = [](const Tensor& x) { return x.unsqueeze(3); };
  const auto scalar = translations.scalar_type();
  const Tensor fixed = told.fixed.defined() ? told.fixed : at::zeros({B, L}, residue_index.options().dtype(at::kBool));
  const Tensor chain = told.chain.defined() ? told.chain : at::zeros({B, L}, residue_index.options());
  const Tensor flags = at::cat(
      {offset_one_hot(offset, kChainReach, edges.present), one(size > kChainReach),
       list_of.to(j.device()).view({1, 1, kEdgesPerResidue, 5}).expand({B, L, -1, -1}), one(partner_i >= kUnpaired),
       one(partner_i >= 0), one(partner_j >= 0), offset_one_hot(j - partner_i, kPairReach, partner_i >= 0),
       offset_one_hot(partner_j - place, kPairReach, partner_j >= 0), one(fixed.unsqueeze(2).expand_as(j)),
       one(values_at(fixed, j)), one(values_at(chain, j) != chain.unsqueeze(2)), one(edges.present)},
      3);
  edges.features = at::cat({flags.to(scalar), one(offset.sign().to(scalar)), one(at::log1p(size.to(scalar)) * 0.2)}, 3);
  return edges;
}

EdgePerceptronImpl::EdgePerceptronImpl(int64_t node_channels, int64_t hidden_channels) {
  using torch::nn::Linear;
  using torch::nn::LinearOptions;
  linear_edge = register_module("linear_edge", Linear(kEdgeListFeatures + kEdgeFrameFeatures, hidden_channels));
  linear_q = register_module("linear_q", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_k = register_module("linear_k", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_2 = register_module("linear_2", Linear(hidden_channels, hidden_channels));
}

Tensor EdgePerceptronImpl::forward(const Tensor& single, const Frames& frames, const EdgeList& edges) {
  Tensor features;
  {
    const ScopedAutocast frames_in_full(single.device(), false);
    features = at::cat({edges.features, frame_features(frames, edges)}, 3);
  }
  const Tensor hidden =
      linear_edge(features) + linear_q(single).unsqueeze(2) + rows_at(linear_k(single), edges.neighbors);
  return at::relu(linear_2(at::relu(hidden)));
}

EdgeMessagesImpl::EdgeMessagesImpl(int64_t node_channels, int64_t hidden_channels) : hidden_channels_(hidden_channels) {
  perceptron = register_module("perceptron", EdgePerceptron(node_channels, hidden_channels));
  linear_attention = register_module("linear_attention", torch::nn::Linear(hidden_channels, kHeads));
  linear_v = register_module("linear_v", torch::nn::Linear(hidden_channels, hidden_channels));
  linear_out = register_module("linear_out", torch::nn::Linear(2 * hidden_channels, node_channels));
  norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({node_channels})));
}

Tensor EdgeMessagesImpl::forward(const Tensor& single, const Frames& frames, const EdgeList& edges) {
  const int64_t B = single.size(0), L = single.size(1), E = edges.neighbors.size(2);
  const Tensor hidden = perceptron(single, frames, edges);  // [B, L, E, hidden]
  const Tensor present = edges.present.unsqueeze(3);
  const Tensor logits = full_precision(linear_attention(hidden)).masked_fill(~present, kMissingLogit);
  const Tensor weights = logits.softmax(2) * present;                // [B, L, E, heads]
  const Tensor values = full_precision(linear_v(hidden)) * present;  // [B, L, E, hidden]
  const Tensor attended =
      (weights.unsqueeze(4) * values.view({B, L, E, kHeads, -1})).sum(2).view({B, L, hidden_channels_});
  const Tensor summed = values.sum(2) * kSumScale;
  return norm(full_precision(single + linear_out(at::cat({attended, summed}, 2))));
}

EdgeVotesImpl::EdgeVotesImpl(int64_t node_channels, int64_t hidden_channels) {
  perceptron = register_module("perceptron", EdgePerceptron(node_channels, hidden_channels));
  linear_out = register_module("linear_out", torch::nn::Linear(hidden_channels, 8));
}

Frames EdgeVotesImpl::forward(const Tensor& single, const Frames& frames, const EdgeList& edges, const Tensor& mask) {
  const int64_t B = single.size(0), L = single.size(1), E = edges.neighbors.size(2);
  const Tensor hidden = full_precision(perceptron(single, frames, edges));
  const ScopedAutocast frames_in_full(single.device(), false);
  const Tensor votes = linear_out(hidden);  // [B, L, E, 8]
  // Weights of the edges and of the current frame, one set for translations and one for rotations.
  Tensor logits = votes.narrow(3, 0, 2).masked_fill(~edges.present.unsqueeze(3), kMissingLogit);
  logits = at::cat({at::full({B, L, 1, 2}, kStayingLogit, logits.options()), logits}, 2).softmax(2);
  const Tensor moving = logits.narrow(2, 1, E), staying = logits.narrow(2, 0, 1);

  const Tensor there = rows_at(at::cat({frames.translations, frames.rotations.flatten(2)}, 2), edges.neighbors);
  const Tensor rotations_j = there.narrow(3, 3, 9).view({B, L, E, 3, 3});
  const Tensor proposed =
      there.narrow(3, 0, 3) + at::matmul(rotations_j, votes.narrow(3, 2, 3).unsqueeze(4)).squeeze(4);
  const Tensor shift = (moving.narrow(3, 0, 1) * (proposed - frames.translations.unsqueeze(2))).sum(2);

  const Tensor quaternion = at::constant_pad_nd(votes.narrow(3, 5, 3), {1, 0}, 1.0);
  const Tensor turns = at::matmul(at::matmul(frames.rotations.transpose(2, 3).unsqueeze(2), rotations_j),
                                  rotation_from_quaternion(quaternion));  // R_i^T R_j dR_ij
  const Tensor mean = (moving.narrow(3, 1, 1).unsqueeze(4) * turns).sum(2) +
                      staying.narrow(3, 1, 1).squeeze(2).unsqueeze(3) * at::eye(3, turns.options());  // [B, L, 3, 3]
  // Orthonormalizes the first two columns of the mean by Gram-Schmidt.
  const auto unit = [](const Tensor& v) { return v / (v.square().sum(2, /*keepdim=*/true) + 1e-8).sqrt(); };
  const Tensor x = unit(mean.select(3, 0)), second = mean.select(3, 1);
  const Tensor y = unit(second - (second * x).sum(2, /*keepdim=*/true) * x);
  const Tensor turned = at::matmul(frames.rotations, at::stack({x, y, at::cross(x, y, 2)}, 3));
  const Tensor moves = mask.unsqueeze(2) > 0;
  return {at::where(moves.unsqueeze(3), turned, frames.rotations),
          at::where(moves, frames.translations + shift, frames.translations)};
}

}  // namespace flashrna
