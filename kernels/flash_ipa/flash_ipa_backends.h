// The backends of flash_ipa(). Callers check the inputs.
#pragma once

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna::flash_ipa_backends {

FlashIpaOutput dense(const FlashIpaInput& input);
FlashIpaOutput lifted(const FlashIpaInput& input);
FlashIpaOutput lifted_by_operations(const FlashIpaInput& input);  // as on a GPU, but works on any device
FlashIpaOutput simple(const FlashIpaInput& input);
// On CUDA. Unsupported inputs run as `simple`.
FlashIpaOutput fused(const FlashIpaInput& input, FusedPrecision precision);

// Whether the fused kernels support dtype and sizes of the input, on any device: f32, one rank for pair bias and pair
// values, and head sizes of fused_forward_supports().
bool fused_takes(const FlashIpaInput& input);

// The properties of a CUDA device that the plans of the fused kernels use, cached. Throws std::runtime_error with the
// CUDA error message.
FusedDevice fused_device(at::Device device);

// A reference for any length: simple in f64 on the CPU, only for residues 0, stride, 2 stride... of every sequence. The
// other rows are undefined. Not differentiable.
FlashIpaOutput simple_every(const FlashIpaInput& input, int64_t stride);

// Operands of LibTorch's attention in `lifted`: [B, H, L, width] each, unused columns are zero.
struct LiftedOperands {
  at::Tensor queries, keys, values;
};
// On a CPU, differentiable. `origins` [B, 1, 3] is treated as a constant.
LiftedOperands lift_on_cpu(const FlashIpaInput& input, const at::Tensor& origins, int64_t width);

// Shared by the backends ---------------------------------------------------------------------------------------------

// input.masks, or those of its lengths.
PaddingMasks masks_of(const FlashIpaInput& input);

// Transforms local points [B, L, H, P, 3] to global points, coordinate-major: [B, L, 3, H, P].
at::Tensor to_global(const at::Tensor& points, const at::Tensor& rotations, const at::Tensor& translations);

// Computes the outputs from attention-weighted sums: `points` [B, L, 3, H, P_v] global, `pairs` [B, L, H, c] or
// undefined. Rows in the padding are set to zero.
FlashIpaOutput finish(const FlashIpaInput& input, const at::Tensor& scalars, const at::Tensor& points,
                      const at::Tensor& pairs);

// The same from one row of sums per residue and head, in the column order of the values: scalars | points (xyz fastest)
// | pair values by rank, [B, L, H, at least C + 3 P_v + R c].
FlashIpaOutput finish_sums(const FlashIpaInput& input, const at::Tensor& sums);
FlashIpaOutput finish_on_cpu(const FlashIpaInput& input, const at::Tensor& sums);         // used on a CPU
FlashIpaOutput finish_by_operations(const FlashIpaInput& input, const at::Tensor& sums);  // used elsewhere; any device

// Mean translation of the real residues, [B, 1, 3]. Attention does not depend on the origin, so the gradient through it
// is zero and the centroid is a constant for autograd.
at::Tensor sequence_centroid(const FlashIpaInput& input);

}  // namespace flashrna::flash_ipa_backends
