// The k nearest residues of every residue by the distance of their translations, exact, in memory linear in the length.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct NearestNeighbors {
  at::Tensor indices;    // [B, L, k] i64, ascending distance, ties to the lower index; -1 where there is no neighbor
  at::Tensor distances;  // [B, L, k], same unit and dtype as the positions; 0 where there is no neighbor
};

struct NearestNeighborsOptions {
  // If positive, a residue is also its own neighbor, at this distance: 1e6 Å as published. If 0, it is never its own
  // neighbor.
  double self_distance = 0.0;
};

// `positions` [B, L, 3] f32 or f64, `lengths` [B] i64, k >= 1. Residues at or beyond the length have no neighbors and
// are no neighbors of others. Not differentiable. Throws c10::Error if shapes, dtypes or devices are wrong, and on a
// CPU if a length is not from 0 to L, naming it; a GPU clamps the length.
NearestNeighbors nearest_neighbors(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                   const NearestNeighborsOptions& options = {});

// The same into the result of an earlier call with the same shapes, dtype, lengths and options: without any other
// operation on a GPU.
void update_nearest_neighbors(NearestNeighbors& result, const at::Tensor& positions, const at::Tensor& lengths,
                              const NearestNeighborsOptions& options = {});

// The definition for one block of queries at a time: linear memory on any device. A GPU uses it if our kernel fails its
// self-check.
NearestNeighbors nearest_neighbors_in_blocks(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options = {});

// The definition in plain ATen, O(L^2) memory.
NearestNeighbors nearest_neighbors_reference(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options = {});

}  // namespace flashrna
