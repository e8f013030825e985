#include "libfold/nn/group_edges.h"

#include <vector>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "libfold/mixed_precision.h"
#include "libfold/nn/local_edges.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kMissingLogit = -1e9;
constexpr double kApart = 200.0;  // nm; a group is smaller

// Frames of x at index [B, L, E] -> [B, L, E].
Frames frames_at(const Frames& frames, const Tensor& index) {
  const Tensor rows = rows_at(at::cat({frames.translations, frames.rotations.flatten(2)}, 2), index);
  return {rows.narrow(3, 3, 9).unflatten(3, {3, 3}), rows.narrow(3, 0, 3)};
}

// The frame of i in the frame of j: T_j^-1 T_i, [B, L, E].
Frames relative_frames(const Frames& frames, const Tensor& neighbors) {
  const Frames j = frames_at(frames, neighbors);
  const Tensor back = j.rotations.transpose(3, 4);
  const Tensor offset = frames.translations.unsqueeze(2) - j.translations;
  return {at::matmul(back, frames.rotations.unsqueeze(2)), at::matmul(back, offset.unsqueeze(4)).squeeze(4)};
}

Tensor features_of(const Frames& relative) {
  const Tensor& x = relative.translations;
  const Tensor distance = (x.square().sum(3, /*keepdim=*/true) + 1e-6).sqrt();
  return at::cat({x, x / (1 + distance), distance, relative.rotations.flatten(3)}, 3);
}

// Whether i and j are in the same group: group [B, L], neighbors [B, L, E] -> [B, L, E].
Tensor share_group(const Tensor& group, const Tensor& neighbors) {
  const Tensor own = group.unsqueeze(2);
  return (own >= 0) & (group.gather(1, neighbors.flatten(1)).view(neighbors.sizes()) == own);
}

// The nearest residues of the own group beyond kGroupReach along the chain: [B, L, kGroupNearest], -1 = none. Groups,
// and residues outside of them, are put far apart, so that one search finds the neighbors of all.
Tensor nearest_in_group(const Tensor& group, const Frames& given, const Tensor& lengths) {
  const Tensor place = at::arange(group.size(1), group.options()).expand_as(group);
  const Tensor& x = given.translations;
  const Tensor away = at::where(group >= 0, group, -place - 2).to(x.scalar_type()) * kApart;
  const Tensor apart = at::where((group >= 0).unsqueeze(2), x, 0) + at::constant_pad_nd(away.unsqueeze(2), {0, 2});
  const Tensor found = nearest_neighbors(apart, lengths, kGroupNearest + 2 * kGroupReach).indices;
  const Tensor j = found.clamp_min(0);
  const Tensor wanted = (found >= 0) & share_group(group, j) & ((j - place.unsqueeze(2)).abs() > kGroupReach);
  const Tensor first = wanted.logical_not().to(at::kByte).argsort(/*stable=*/true, 2).narrow(2, 0, kGroupNearest);
  return at::where(wanted, found, -1).gather(2, first);
}

}  // namespace

GroupEdges make_group_edges(const Tensor& group, const Frames& given, const Tensor& lengths) {
  const ScopedAutocast frames_in_full(group.device(), false);
  const int64_t B = group.size(0), L = group.size(1);
  const Tensor place = at::arange(L, lengths.options()).view({1, L, 1});
  std::vector<Tensor> lists;
  for (int64_t d = -kGroupReach; d <= kGroupReach; ++d)
    if (d != 0) lists.push_back((place + d).expand({B, L, 1}));
  lists.push_back(nearest_in_group(group, given, lengths));
  const Tensor wanted = at::cat(lists, 2);
  const Tensor inside = (wanted >= 0) & (wanted < lengths.view({B, 1, 1})) & (place < lengths.view({B, 1, 1}));

  GroupEdges edges;
  const Tensor j = at::where(inside, wanted, 0);
  edges.present = inside & share_group(group, j);
  edges.neighbors = at::where(edges.present, j, 0);
  const Tensor present = edges.present.unsqueeze(3);
  const Frames relative = relative_frames(given, edges.neighbors);
  edges.given = {at::where(present.unsqueeze(4), relative.rotations, at::eye(3, relative.rotations.options())),
                 relative.translations.masked_fill(present.logical_not(), 0)};
  edges.features = features_of(edges.given).masked_fill(present.logical_not(), 0);
  return edges;
}

GroupPerceptronImpl::GroupPerceptronImpl(int64_t node_channels, int64_t hidden_channels) {
  using torch::nn::LinearOptions;
  linear_edge = register_module("linear_edge", Linear(2 * kRelativeFrameFeatures, hidden_channels));
  linear_q = register_module("linear_q", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_k = register_module("linear_k", Linear(LinearOptions(node_channels, hidden_channels).bias(false)));
  linear_2 = register_module("linear_2", Linear(hidden_channels, hidden_channels));
}

Tensor GroupPerceptronImpl::forward(const Tensor& single, const Frames& frames, const GroupEdges& edges) {
  Tensor features;
  {
    const ScopedAutocast frames_in_full(single.device(), false);
    features = at::cat({edges.features, features_of(relative_frames(frames, edges.neighbors))}, 3);
  }
  const Tensor hidden =
      linear_edge(features) + linear_q(single).unsqueeze(2) + rows_at(linear_k(single), edges.neighbors);
  return at::relu(linear_2(at::relu(hidden)));
}

GroupMessagesImpl::GroupMessagesImpl(int64_t node_channels, int64_t hidden_channels) {
  perceptron = register_module("perceptron", GroupPerceptron(node_channels, hidden_channels));
  linear_out =
      register_module("linear_out", Linear(torch::nn::LinearOptions(hidden_channels, node_channels).bias(false)));
}

Tensor GroupMessagesImpl::forward(const Tensor& single, const Frames& frames, const GroupEdges& edges) {
  const Tensor present = edges.present.unsqueeze(3);
  const Tensor sum = (full_precision(perceptron(single, frames, edges)) * present).sum(2);  // [B, L, hidden]
  return single + full_precision(linear_out(sum / present.sum(2).clamp_min(1)));
}

GroupVotesImpl::GroupVotesImpl(int64_t node_channels, int64_t hidden_channels) {
  perceptron = register_module("perceptron", GroupPerceptron(node_channels, hidden_channels));
  linear_out = register_module("linear_out", Linear(hidden_channels, 2));
}

Frames GroupVotesImpl::forward(const Tensor& single, const Frames& frames, const GroupEdges& edges,
                               const Tensor& mask) {
  const int64_t B = single.size(0), L = single.size(1);
  const Tensor hidden = full_precision(perceptron(single, frames, edges));
  const ScopedAutocast frames_in_full(single.device(), false);
  Tensor logits = linear_out(hidden).masked_fill(edges.present.unsqueeze(3).logical_not(), kMissingLogit);
  logits = at::cat({at::full({B, L, 1, 2}, kStayingLogit, logits.options()), logits}, 2).softmax(2);
  const Tensor weights = logits.narrow(2, 1, kGroupEdges), staying = logits.narrow(2, 0, 1);

  const Frames proposed = compose(frames_at(frames, edges.neighbors), edges.given);
  const Tensor shift = (weights.narrow(3, 0, 1) * (proposed.translations - frames.translations.unsqueeze(2))).sum(2);
  const Tensor mean = (weights.narrow(3, 1, 1).unsqueeze(4) * proposed.rotations).sum(2) +
                      staying.narrow(3, 1, 1).squeeze(2).unsqueeze(3) * frames.rotations;  // [B, L, 3, 3]
  const Tensor moves = (mask.unsqueeze(2) > 0) & edges.present.any(2, /*keepdim=*/true);
  return {at::where(moves.unsqueeze(3), rotation_from_columns(mean), frames.rotations),
          at::where(moves, frames.translations + shift, frames.translations)};
}

}  // namespace flashrna
