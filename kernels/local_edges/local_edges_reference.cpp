#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "kernels/local_edges/local_edges.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kMissingLogit = -1e9;

// Frames, logits and votes stay in full precision.
class WithoutAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard_{c10::autocast_dispatch_keyset};
};

Tensor full_precision(const Tensor& x) { return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x; }

// The frame of j relative to that of i.
struct RelativeFrames {
  Tensor offset;  // [B, L, E, 3]
  Tensor turn;    // [B, L, E, 3, 3]
};

RelativeFrames relative_frames(const LocalEdgesInput& in) {
  const Tensor far = rows_at(at::cat({in.translations, in.rotations.flatten(2)}, 2), in.edges.neighbors);
  const Tensor apart = far.narrow(3, 0, 3) - in.translations.unsqueeze(2);
  return {at::matmul(apart.unsqueeze(3), in.rotations.unsqueeze(2)).squeeze(3),
          at::matmul(in.rotations.transpose(2, 3).unsqueeze(2), far.narrow(3, 3, 9).unflatten(3, {3, 3}))};
}

Tensor frame_features(const RelativeFrames& relative) {  // [B, L, E, kEdgeFrameFeatures]
  const Tensor& offset = relative.offset;
  const Tensor distance = (offset.square().sum(3, /*keepdim=*/true) + kDistanceFloor).sqrt();
  const Tensor centers = at::linspace(kFirstRadialCenter, kLastRadialCenter, kRadialFeatures, offset.options());
  const Tensor radial = ((distance - centers).square() * (-1 / (2 * kRadialWidth * kRadialWidth))).exp();
  return at::cat({radial, offset / distance, offset / (1 + distance), relative.turn.flatten(3)}, 3);
}

Tensor hidden_of(const LocalEdgesInput& in, const RelativeFrames& relative) {  // [B, L, E, H]
  Tensor features;
  {
    const WithoutAutocast frames_in_full;
    features = at::cat({in.edges.features, frame_features(relative)}, 3);
  }
  const Tensor terms = in.center.unsqueeze(2) + rows_at(in.neighbor, in.edges.neighbors);
  return at::relu(at::linear(at::relu(at::linear(features, in.weight_1) + terms), in.weight_2, in.bias_2));
}

RelativeFrames relative_frames_in_full(const LocalEdgesInput& in) {
  const WithoutAutocast frames_in_full;
  return relative_frames(in);
}

}  // namespace

Tensor rows_at(const Tensor& x, const Tensor& index) {
  const int64_t B = x.size(0), L = x.size(1), F = x.size(2), E = index.size(2);
  const Tensor first = at::arange(B, index.options()).view({B, 1, 1}) * L;
  return x.reshape({B * L, F}).index_select(0, (index + first).view({-1})).view({B, L, E, F});
}

Tensor nonzero_bits(const Tensor& features) {
  const Tensor bits = at::bitwise_left_shift(at::ones({}, features.options().dtype(at::kLong)),
                                             at::arange(features.size(-1), features.options().dtype(at::kLong)));
  return ((features != 0) * bits).sum(-1);
}

EdgeMessageSums edge_messages_reference(const LocalEdgesInput& in) {
  const Tensor hidden = hidden_of(in, relative_frames_in_full(in));
  const Tensor logits = full_precision(at::linear(hidden, in.out_weight, in.out_bias));
  const WithoutAutocast sums_in_full;
  const Tensor present = in.edges.present.unsqueeze(3), values = full_precision(hidden) * present;
  const Tensor weights = logits.masked_fill(~present, kMissingLogit).softmax(2) * present;  // [B, L, E, heads]
  return {at::matmul(weights.transpose(2, 3), values), values.sum(2)};
}

EdgeVoteMeans edge_votes_reference(const LocalEdgesInput& in) {
  const RelativeFrames relative = relative_frames_in_full(in);
  const Tensor hidden = full_precision(hidden_of(in, relative));
  const WithoutAutocast votes_in_full;
  const Tensor outputs = at::linear(hidden, in.out_weight, in.out_bias);  // [B, L, E, 8]
  const int64_t B = outputs.size(0), L = outputs.size(1), E = outputs.size(2);
  const Tensor logits = outputs.narrow(3, 0, 2).masked_fill(~in.edges.present.unsqueeze(3), kMissingLogit);
  const Tensor weights = at::cat({at::full({B, L, 1, 2}, kStayingLogit, logits.options()), logits}, 2).softmax(2);
  const Tensor moving = weights.narrow(2, 1, E), staying = weights.narrow(2, 0, 1).select(3, 1).unsqueeze(3);

  const Tensor moved = relative.offset + at::matmul(relative.turn, outputs.narrow(3, 2, 3).unsqueeze(4)).squeeze(4);
  const Tensor quaternion = at::constant_pad_nd(outputs.narrow(3, 5, 3), {1, 0}, 1.0);
  const auto parts = (quaternion / quaternion.square().sum(3, /*keepdim=*/true).sqrt()).unbind(3);
  const Tensor &w = parts[0], &x = parts[1], &y = parts[2], &z = parts[3];
  const Tensor rotation = at::stack({w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),
                                     2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
                                     2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
                                    3)
                              .unflatten(3, {3, 3});
  const Tensor turned = at::matmul(relative.turn, rotation);  // R_i^T R_j dR_ij
  return {(moving.narrow(3, 0, 1) * moved).sum(2),
          (moving.narrow(3, 1, 1).unsqueeze(4) * turned).sum(2) + staying * at::eye(3, turned.options())};
}

}  // namespace flashrna
