// How far all distances within a structure are from those of the truth, exactly, in memory linear in its length.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

// Per sample the sum of (|x_i - x_j| - |y_i - y_j|)^2 over ordered pairs i != j of the real atoms of all residues:
// `predicted` x and `truth` y [B, L, A, 3], f32 or f64, `atom_mask` [B, L, A] bool -> [B], same dtype. Coordinates of
// missing atoms may be anything, NaN too. The partial sums
// are in f64. Differentiable once, in `predicted` only; the gradient of a zero distance is zero. Throws c10::Error on
// wrong shapes, dtypes, devices, or a truth that wants a gradient.
at::Tensor pair_distance_loss(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& atom_mask);

// The definition in plain ATen with its autograd, O((L A)^2) memory.
at::Tensor pair_distance_loss_reference(const at::Tensor& predicted, const at::Tensor& truth,
                                        const at::Tensor& atom_mask);

}  // namespace flashrna
