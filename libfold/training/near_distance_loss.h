// Error of the short distances within a structure: pairs of atoms that are close in the truth (FoldFlow,
// arXiv:2310.02391). All distances: kernels/pair_distance_loss.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

// For each sample the mean of (|x_i - x_j| - |y_i - y_j|)^2 over ordered pairs i != j of atoms with |y_i - y_j| <
// `cutoff` Å; 0 without such pairs. `predicted` x and `truth` y [B, L, A, 3] Å, `atom_mask` [B, L, A] bool -> [B], Å^2.
// Differentiable with respect to `predicted`. The pairs are found in blocks of rows: O((L A)^2) time without gradient,
// memory linear in the number of pairs.
at::Tensor near_distance_loss(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& atom_mask,
                              double cutoff);

}  // namespace flashrna
