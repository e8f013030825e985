// FlashIPA's lifting (arXiv:2505.11580, algorithm 1): squared distances become inner products of longer vectors, and
// LibTorch's fused attention computes the rest in linear memory. Differences from the paper, all mathematically exact:
//  - Points are relative to the sequence's centroid, which keeps the squared norms and their rounding errors small.
//  - The five columns of each point (-w/2 |q|^2, 1, w q) . (1, -w/2 |k|^2, k) are adjacent, so that the partial sum of
//    the inner product returns to -w/2 |q - k|^2 after every point instead of accumulating all the norms. In f32 this
//    halves the error compared with dropping |q|^2 (constant along a row) and folding |k|^2 into one column. The
//    additional columns cost nothing, because values are wider than keys and both are padded to one width.
//  - Padding is one column of the keys, so no mask tensor is needed.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/padding.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;

namespace {

// [B, L, 3, H, P] -> [B, L, H, P, 3]
Tensor by_point(const Tensor& points) { return points.permute({0, 1, 3, 4, 2}); }

// (-w/2 |q|^2, 1, w q) for every point of a head: [B, L, H, P, 3] -> [B, L, H, 5 P].
Tensor query_columns(const Tensor& points, const Tensor& weights) {
  const Tensor norms = points.square().sum(4, /*keepdim=*/true) * (weights * -0.5);
  return at::cat({norms, at::ones_like(norms), points * weights}, 4).flatten(3);
}

// (1, -w/2 |k|^2, k) for every point of a head: [B, L, H, P, 3] -> [B, L, H, 5 P].
Tensor key_columns(const Tensor& points, const Tensor& weights) {
  const Tensor norms = points.square().sum(4, /*keepdim=*/true) * (weights * -0.5);
  return at::cat({at::ones_like(norms), norms, points}, 4).flatten(3);
}

// Concatenates along channels and pads with zeros to `width`: parts [B, L, H, c] -> [B, H, L, width]. The rows of a
// head are contiguous: with other strides LibTorch's attention is 10 % slower.
Tensor operand(std::vector<Tensor> parts, int64_t width) {
  int64_t used = 0;
  for (Tensor& part : parts) {
    used += part.size(3);
    part = part.transpose(1, 2);
  }
  if (used < width)
    parts.push_back(
        at::zeros({}, parts[0].options()).expand({parts[0].size(0), parts[0].size(1), parts[0].size(2), width - used}));
  return at::cat(parts, 3);
}

// Uses ATen operations, on any device, with their autograd.
LiftedOperands lift_by_operations(const FlashIpaInput& in, const Tensor& origins, int64_t width) {
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2), C = in.q.size(3);
  const Tensor translations = in.translations - origins;
  const Tensor q_points = by_point(to_global(in.q_points, in.rotations, translations));  // [B, L, H, P_q, 3]
  const Tensor k_points = by_point(to_global(in.k_points, in.rotations, translations));
  const Tensor v_points = by_point(to_global(in.v_points, in.rotations, translations)).flatten(3);  // [B, L, H, 3 P_v]

  const Tensor weights = in.point_weights.view({1, 1, H, 1, 1});
  const Tensor one = at::ones({}, in.q.options()).expand({B, L, H, 1});
  const Tensor key_padding = masks_of(in).key_logits.view({B, L, 1, 1}).expand({B, L, H, 1});

  std::vector<Tensor> q = {in.q / std::sqrt(3.0 * C), query_columns(q_points, weights), one};
  std::vector<Tensor> k = {in.k, key_columns(k_points, weights), key_padding};
  if (in.bias_q.defined()) {
    q.push_back(in.bias_q);
    k.push_back(in.bias_k);
  }
  std::vector<Tensor> v = {in.v, v_points};
  if (in.pair_k.defined()) v.push_back(in.pair_k.flatten(2).unsqueeze(2).expand({-1, -1, H, -1}));
  return {operand(q, width), operand(k, width), operand(v, width)};
}

// Equal head sizes, a multiple of 8: with others LibTorch silently uses an implementation that allocates L x L.
int64_t width_of(const FlashIpaInput& in) {
  const int64_t bias = in.bias_q.defined() ? in.bias_q.size(3) : 0;
  const int64_t pair = in.pair_k.defined() ? in.pair_k.size(2) * in.pair_k.size(3) : 0;
  const int64_t columns = in.q.size(3) + std::max(5 * in.q_points.size(3) + 1 + bias, 3 * in.v_points.size(3) + pair);
  return (columns + 7) / 8 * 8;
}

// [B, L, H, width]
Tensor attend(const LiftedOperands& operands) {
  return at::scaled_dot_product_attention(operands.queries, operands.keys, operands.values, {}, 0.0,
                                          /*is_causal=*/false, /*scale=*/1.0)
      .transpose(1, 2);
}

FlashIpaInput shifted(FlashIpaInput in, const Tensor& origins) {
  in.translations = in.translations - origins;
  return in;
}

}  // namespace

FlashIpaOutput lifted_by_operations(const FlashIpaInput& input) {
  FlashIpaInput in = input;
  in.masks = masks_of(input);
  const Tensor origins = sequence_centroid(in);
  return finish_by_operations(shifted(in, origins), attend(lift_by_operations(in, origins, width_of(in))));
}

FlashIpaOutput lifted(const FlashIpaInput& in) {
  if (!in.q.is_cpu()) return lifted_by_operations(in);
  const Tensor origins = sequence_centroid(in);
  return finish_on_cpu(shifted(in, origins), attend(lift_on_cpu(in, origins, width_of(in))));
}

}  // namespace flashrna::flash_ipa_backends
