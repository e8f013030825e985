// Error of all distances within a structure against the true structure, exact, in memory linear in the length.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

// For each sample, the sum of (|x_i - x_j| - |y_i - y_j|)^2 over ordered pairs i != j of the real atoms of all
// residues: `predicted` x and `truth` y [B, L, A, 3], f32 or f64, `atom_mask` [B, L, A] bool -> [B], same dtype.
// Coordinates of missing atoms may have any value, including NaN. Partial sums are f64. Differentiable once, with
// respect to `predicted` only; the gradient of a zero distance is zero. Throws c10::Error if shapes, dtypes or devices
// are wrong, or if `truth` requires a gradient.
at::Tensor pair_distance_loss(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& atom_mask);

// The definition in plain ATen with its autograd, O((L A)^2) memory.
at::Tensor pair_distance_loss_reference(const at::Tensor& predicted, const at::Tensor& truth,
                                        const at::Tensor& atom_mask);

}  // namespace flashrna
