// The implementations behind pair_distance_loss. All make the gradient along with the value when asked: the loss is
// one number per sample, so backward only has to scale it, and nothing of size pairs is ever stored.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct PairDistanceLoss {
  at::Tensor value;     // [B]
  at::Tensor gradient;  // [B, L, A, 3] of the value by `predicted`; undefined unless asked for
};

// Vectorized loops over packed atoms, on all threads. Same result for any number of threads and width of vectors.
PairDistanceLoss pair_distance_loss_cpu(const at::Tensor& predicted, const at::Tensor& truth,
                                        const at::Tensor& atom_mask, bool with_gradient);

// Our CUDA kernel: an atom a warp, in f64 sums of fixed order.
PairDistanceLoss pair_distance_loss_cuda(const at::Tensor& predicted, const at::Tensor& truth,
                                         const at::Tensor& atom_mask, bool with_gradient);

// Blocks of rows in ATen, on any device. What a GPU runs if our kernel fails there.
PairDistanceLoss pair_distance_loss_tiled(const at::Tensor& predicted, const at::Tensor& truth,
                                          const at::Tensor& atom_mask, bool with_gradient);

}  // namespace flashrna
