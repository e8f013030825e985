// The backends behind flash_ipa(). Inputs are checked by the caller.
#pragma once

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna::flash_ipa_backends {

FlashIpaOutput dense(const FlashIpaInput& input);
FlashIpaOutput lifted(const FlashIpaInput& input);
FlashIpaOutput lifted_by_operations(const FlashIpaInput& input);  // what `lifted` is on a GPU, on any device
FlashIpaOutput simple(const FlashIpaInput& input);
// On CUDA; what it does not take runs as `simple`.
FlashIpaOutput fused(const FlashIpaInput& input, FusedPrecision precision);

// Whether dtype and sizes are those of the fused kernels, wherever the input is: f32, one rank, and head sizes of
// fused_forward_supports().
bool fused_takes(const FlashIpaInput& input);

// What plans of the fused kernels ask of a CUDA device, asked once. Throws std::runtime_error with what CUDA says.
FusedDevice fused_device(at::Device device);

// An oracle for any length: simple in f64 on the CPU, for residues 0, stride, 2 stride... of every sequence alone. What
// the other rows hold means nothing. Not differentiable.
FlashIpaOutput simple_every(const FlashIpaInput& input, int64_t stride);

// What `lifted` hands to LibTorch's attention: [B, H, L, width] each, zeros in the columns that are left over.
struct LiftedOperands {
  at::Tensor queries, keys, values;
};
// On a CPU, differentiable; `origins` [B, 1, 3] are constants to it.
LiftedOperands lift_on_cpu(const FlashIpaInput& input, const at::Tensor& origins, int64_t width);

// Shared by the backends ---------------------------------------------------------------------------------------------

// Local points [B, L, H, P, 3] to global ones, coordinate-major: [B, L, 3, H, P].
at::Tensor to_global(const at::Tensor& points, const at::Tensor& rotations, const at::Tensor& translations);

// From attention-weighted sums to the outputs: `points` [B, L, 3, H, P_v] global, `pairs` [B, L, H, c] or undefined.
// Rows in the padding become zero.
FlashIpaOutput finish(const FlashIpaInput& input, const at::Tensor& scalars, const at::Tensor& points,
                      const at::Tensor& pairs);

// The same from one row of sums per residue and head, scalars | points (xyz fastest) | pair values by rank, as the rows
// of values stood side by side: [B, L, H, at least C + 3 P_v + R c].
FlashIpaOutput finish_sums(const FlashIpaInput& input, const at::Tensor& sums);
FlashIpaOutput finish_on_cpu(const FlashIpaInput& input, const at::Tensor& sums);         // what it is on a CPU
FlashIpaOutput finish_by_operations(const FlashIpaInput& input, const at::Tensor& sums);  // elsewhere, on any device

// Mean translation of the real residues, [B, 1, 3]. Attention does not depend on the origin, so neither does its
// gradient: the centroid is a constant to autograd.
at::Tensor sequence_centroid(const FlashIpaInput& input);

}  // namespace flashrna::flash_ipa_backends
