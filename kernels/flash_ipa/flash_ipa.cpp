#include "kernels/flash_ipa/flash_ipa.h"

#include <ATen/ATen.h>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_work.h"
#include "kernels/padding.h"

namespace flashrna {

using at::Tensor;

namespace flash_ipa_backends {

PaddingMasks masks_of(const FlashIpaInput& in) {
  return in.masks.defined() ? in.masks : make_padding_masks(in.lengths, in.q.size(1), in.q.scalar_type());
}

Tensor to_global(const Tensor& points, const Tensor& rotations, const Tensor& translations) {
  const int64_t B = points.size(0), L = points.size(1), H = points.size(2), P = points.size(3);
  // Coordinate-major layout: one [3, 3] x [3, H P] product per residue transforms all points.
  const Tensor local = points.permute({0, 1, 4, 2, 3}).reshape({B, L, 3, H * P});
  return (at::matmul(rotations, local) + translations.unsqueeze(3)).view({B, L, 3, H, P});
}

FlashIpaOutput finish(const FlashIpaInput& in, const Tensor& scalars, const Tensor& points, const Tensor& pairs) {
  const int64_t B = points.size(0), L = points.size(1), H = points.size(3), P = points.size(4);
  const Tensor padding = in.masks.defined() ? in.masks.padding : padding_mask(in.lengths, L);  // [B, L]

  FlashIpaOutput out;
  out.scalars = scalars.masked_fill(padding.view({B, L, 1, 1}), 0);
  const Tensor centered = points.reshape({B, L, 3, H * P}) - in.translations.unsqueeze(3);
  const Tensor local = at::matmul(in.rotations.transpose(2, 3), centered).masked_fill(padding.view({B, L, 1, 1}), 0);
  out.points = local.view({B, L, 3, H, P}).permute({0, 1, 3, 4, 2});
  out.point_norms = (local.square().sum(2) + 1e-8).sqrt().view({B, L, H, P});
  out.point_norms = out.point_norms.masked_fill(padding.view({B, L, 1, 1}), 0);
  if (pairs.defined()) out.pairs = pairs.masked_fill(padding.view({B, L, 1, 1}), 0);
  return out;
}

FlashIpaOutput finish_sums(const FlashIpaInput& in, const Tensor& sums) {
  return sums.is_cpu() ? finish_on_cpu(in, sums) : finish_by_operations(in, sums);
}

FlashIpaOutput finish_by_operations(const FlashIpaInput& in, const Tensor& sums) {
  const int64_t B = sums.size(0), L = sums.size(1), H = sums.size(2), C = in.v.size(3), P = in.v_points.size(3);
  const Tensor points = sums.narrow(3, C, 3 * P).reshape({B, L, H, P, 3}).permute({0, 1, 4, 2, 3});  // [B, L, 3, H, P]
  Tensor pairs;
  if (in.pair_k.defined()) {
    const int64_t R = in.pair_k.size(2), c = in.pair_k.size(3);
    const Tensor pair_sums = sums.narrow(3, C + 3 * P, R * c).reshape({B, L, H, R, c});
    pairs = (in.pair_q.unsqueeze(2) * pair_sums).sum(3);
  }
  return finish(in, sums.narrow(3, 0, C), points, pairs);
}

// Mean translation of the real residues, [B, 1, 3]. Attention does not depend on the origin, so the gradient through it
// is zero and the centroid is a constant for autograd.
Tensor sequence_centroid(const FlashIpaInput& in) {
  const at::NoGradGuard no_grad;
  const PaddingMasks masks = masks_of(in);
  return (in.translations * masks.real).sum(1, /*keepdim=*/true) / masks.residues;
}

}  // namespace flash_ipa_backends

namespace {

void check_shape(const char* name, const Tensor& tensor, at::IntArrayRef shape, const Tensor& like) {
  TORCH_CHECK(tensor.defined(), "flash_ipa: ", name, " is missing");
  TORCH_CHECK(tensor.sizes() == shape, "flash_ipa: ", name, " has shape ", tensor.sizes(), ", expected ", shape);
  TORCH_CHECK(tensor.scalar_type() == like.scalar_type(), "flash_ipa: ", name, " is ", tensor.scalar_type(), ", q is ",
              like.scalar_type());
  TORCH_CHECK(tensor.device() == like.device(), "flash_ipa: ", name, " is on ", tensor.device(), ", q is on ",
              like.device());
}

void check(const FlashIpaInput& in) {
  TORCH_CHECK(in.q.defined() && in.q.dim() == 4, "flash_ipa: q must have shape [B, L, H, C]");
  TORCH_CHECK(in.q.scalar_type() == at::kFloat || in.q.scalar_type() == at::kDouble, "flash_ipa: q is ",
              in.q.scalar_type(), ", must be f32 or f64");
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2);
  TORCH_CHECK(in.q_points.defined() && in.q_points.dim() == 5, "flash_ipa: q_points must have shape [B, L, H, P, 3]");
  TORCH_CHECK(in.v_points.defined() && in.v_points.dim() == 5, "flash_ipa: v_points must have shape [B, L, H, P, 3]");
  check_shape("k", in.k, in.q.sizes(), in.q);
  check_shape("v", in.v, in.q.sizes(), in.q);
  check_shape("q_points", in.q_points, {B, L, H, in.q_points.size(3), 3}, in.q);
  check_shape("k_points", in.k_points, in.q_points.sizes(), in.q);
  check_shape("v_points", in.v_points, {B, L, H, in.v_points.size(3), 3}, in.q);
  check_shape("rotations", in.rotations, {B, L, 3, 3}, in.q);
  check_shape("translations", in.translations, {B, L, 3}, in.q);
  check_shape("point_weights", in.point_weights, {H}, in.q);
  TORCH_CHECK(in.bias_q.defined() == in.bias_k.defined(), "flash_ipa: give both bias_q and bias_k, or neither");
  if (in.bias_q.defined()) {
    TORCH_CHECK(in.bias_q.dim() == 4, "flash_ipa: bias_q must have shape [B, L, H, R]");
    check_shape("bias_q", in.bias_q, {B, L, H, in.bias_q.size(3)}, in.q);
    check_shape("bias_k", in.bias_k, in.bias_q.sizes(), in.q);
  }
  TORCH_CHECK(in.pair_q.defined() == in.pair_k.defined(), "flash_ipa: give both pair_q and pair_k, or neither");
  if (in.pair_q.defined()) {
    TORCH_CHECK(in.pair_q.dim() == 4, "flash_ipa: pair_q must have shape [B, L, R, c]");
    check_shape("pair_q", in.pair_q, {B, L, in.pair_q.size(2), in.pair_q.size(3)}, in.q);
    check_shape("pair_k", in.pair_k, in.pair_q.sizes(), in.q);
  }
  if (in.pair_bias.defined()) check_shape("pair_bias", in.pair_bias, {B, L, L, H}, in.q);
  if (in.pair_values.defined()) {
    TORCH_CHECK(in.pair_values.dim() == 4, "flash_ipa: pair_values must have shape [B, L, L, c]");
    TORCH_CHECK(!in.pair_q.defined(), "flash_ipa: give pair_q and pair_k, or pair_values, not both");
    check_shape("pair_values", in.pair_values, {B, L, L, in.pair_values.size(3)}, in.q);
  }
  check_lengths("flash_ipa", in.lengths, B, L, in.q.device());
}

}  // namespace

FlashIpaOutput flash_ipa(const FlashIpaInput& in, AttentionBackend backend, FusedPrecision precision) {
  check(in);
  const bool unfactorized = in.pair_bias.defined() || in.pair_values.defined();
  // LibTorch's fused attention rejects tensors without elements; the dense equation handles them.
  if (backend == AttentionBackend::kDense || unfactorized || in.q.numel() == 0) return flash_ipa_backends::dense(in);
  if (backend == AttentionBackend::kAuto) {
    backend = resolve_attention_backend(in.q.device(), precision);
    // Inputs that the fused kernels do not support run much faster as lifted than as simple.
    const bool measured = in.q.size(3) >= kFusedMeasuredChannels;
    if (backend == AttentionBackend::kFused && !(measured && flash_ipa_backends::fused_takes(in)))
      backend = AttentionBackend::kLifted;
  }
  switch (backend) {
    case AttentionBackend::kDense:
      return flash_ipa_backends::dense(in);
    case AttentionBackend::kFused:
      return flash_ipa_backends::fused(in, precision);
    case AttentionBackend::kSimple:
      return flash_ipa_backends::simple(in);
    default:
      return flash_ipa_backends::lifted(in);
  }
}

double flash_ipa_forward_flops(int64_t L, int64_t H, int64_t C, int64_t P_q, int64_t P_v, int64_t R, int64_t c) {
  return flash_ipa_work(L, {.H = H, .C = C, .P_q = P_q, .P_v = P_v, .R = R, .c = c}).forward_flops;
}

}  // namespace flashrna
