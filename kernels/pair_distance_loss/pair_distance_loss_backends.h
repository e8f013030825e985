// The implementations of pair_distance_loss. All compute the gradient together with the value on request: the loss is
// one number per sample, so backward only has to scale the gradient, and nothing of the size of all pairs is stored.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct PairDistanceLoss {
  at::Tensor value;     // [B]
  at::Tensor gradient;  // [B, L, A, 3], of the value with respect to `predicted`; undefined if not requested
};

// Vectorized loops over packed atoms, on all threads. The result does not depend on the number of threads or on the
// vector width.
PairDistanceLoss pair_distance_loss_cpu(const at::Tensor& predicted, const at::Tensor& truth,
                                        const at::Tensor& atom_mask, bool with_gradient);

// Our CUDA kernel: one warp per atom, f64 sums in a fixed order.
PairDistanceLoss pair_distance_loss_cuda(const at::Tensor& predicted, const at::Tensor& truth,
                                         const at::Tensor& atom_mask, bool with_gradient);

// Blocks of rows in ATen, on any device. A GPU uses it if our kernel fails its self-check.
PairDistanceLoss pair_distance_loss_tiled(const at::Tensor& predicted, const at::Tensor& truth,
                                          const at::Tensor& atom_mask, bool with_gradient);

}  // namespace flashrna
