// The k nearest residues of every residue by the distance of their translations, exactly, in memory linear in length.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct NearestNeighbors {
  at::Tensor indices;    // [B, L, k] i64, ascending distance, ties to the lower index; -1 where there is no neighbour
  at::Tensor distances;  // [B, L, k], same unit and dtype as the positions; 0 where there is no neighbour
};

struct NearestNeighborsOptions {
  // A residue is also its own neighbour, at its distance plus this much: the published 1e6 Å. 0: never its own.
  double self_distance = 0.0;
};

// `positions` [B, L, 3] f32 or f64, `lengths` [B] i64, k >= 1. Residues at or beyond the length have no neighbours and
// are nobody's. Not differentiable. Throws c10::Error on wrong shapes, dtypes or devices, and on a CPU
// naming the length that is not from 0 to L; a GPU takes it cut to that.
NearestNeighbors nearest_neighbors(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                   const NearestNeighborsOptions& options = {});

// The definition a block of queries at a time: linear memory on any device. What a GPU runs if our kernel fails there.
NearestNeighbors nearest_neighbors_in_blocks(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options = {});

// The definition in plain ATen, O(L^2) memory.
NearestNeighbors nearest_neighbors_reference(const at::Tensor& positions, const at::Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options = {});

}  // namespace flashrna
