// The definition of invariant point attention, written for readability.
#include <ATen/ATen.h>

#include <cmath>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/padding.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;

FlashIpaOutput dense(const FlashIpaInput& in) {
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2), C = in.q.size(3);

  Tensor logits = at::einsum("bihc,bjhc->bhij", {in.q, in.k}) / std::sqrt(3.0 * C);  // [B, H, L, L]
  if (in.bias_q.defined()) logits = logits + at::einsum("bihr,bjhr->bhij", {in.bias_q, in.bias_k});
  if (in.pair_bias.defined()) logits = logits + in.pair_bias.permute({0, 3, 1, 2});

  const Tensor q_points = to_global(in.q_points, in.rotations, in.translations);  // [B, L, 3, H, P]
  const Tensor k_points = to_global(in.k_points, in.rotations, in.translations);
  Tensor squared_distances = at::zeros_like(logits);
  for (int64_t axis = 0; axis < 3; ++axis) {
    for (int64_t p = 0; p < q_points.size(4); ++p) {
      const Tensor q = q_points.select(4, p).select(2, axis).transpose(1, 2);  // [B, H, L]
      const Tensor k = k_points.select(4, p).select(2, axis).transpose(1, 2);
      squared_distances = squared_distances + (q.unsqueeze(3) - k.unsqueeze(2)).square();
    }
  }
  logits = logits - 0.5 * in.point_weights.view({1, H, 1, 1}) * squared_distances;

  const Tensor padding = in.masks.defined() ? in.masks.padding : padding_mask(in.lengths, L);  // [B, L]
  // A finite value, so that a batch entry without residues does not give NaN.
  const Tensor probabilities = at::softmax(logits.masked_fill(padding.view({B, 1, 1, L}), -1e30), -1);

  const Tensor v_points = to_global(in.v_points, in.rotations, in.translations);
  Tensor pairs;  // [B, L, H, c]
  if (in.pair_k.defined()) pairs = at::einsum("birc,bhij,bjrc->bihc", {in.pair_q, probabilities, in.pair_k});
  if (in.pair_values.defined()) pairs = at::einsum("bhij,bijc->bihc", {probabilities, in.pair_values});
  return finish(in, at::einsum("bhij,bjhc->bihc", {probabilities, in.v}),
                at::einsum("bhij,bjxhp->bixhp", {probabilities, v_points}), pairs);
}

}  // namespace flashrna::flash_ipa_backends
