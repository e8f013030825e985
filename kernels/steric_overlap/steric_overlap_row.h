// Overlap of the atoms of one residue with those of its neighbors on a GPU, with the gradient. Atoms and their contact
// distances are given as tables. The GPU kernel and a loop on the host, which tests use, call the same function.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/host_device.h"
#include "kernels/lanes.h"

namespace flashrna {

// T is float or double; A atoms per residue, k neighbors.
template <typename T>
struct StericRows {
  std::int64_t B, L, A, k;
  const T* atoms;                     // [B, L, A, 3]
  const bool* mask;                   // [B, L, A]
  const std::int64_t* residue_index;  // [B, L]
  const std::int64_t* nearest;        // [B, L, k]: positions, -1 after the last
  // [3, A, A]: distance below which a pair of atoms overlaps, negative for pairs that never do; for a neighbor
  // elsewhere, the next residue, the previous one.
  const T* limits;
  T* energy;    // [B, L]: half the sum of squared depths over the pairs of the residue's own atoms
  T* gradient;  // [B, L, A, 3]: of the sum of all energies, if all lists of neighbors are mutual
};

// Computes every row of [B, L], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void steric_rows_cuda(const StericRows<T>& arguments, const CudaStream& stream);

// Lanes that share the neighbors of one atom.
FLASHRNA_HOST_DEVICE std::int64_t steric_parts(std::int64_t A) { return A < kLanes ? kLanes / A : 1; }

FLASHRNA_HOST_DEVICE std::int64_t steric_scratch(std::int64_t A) { return 4 * A * steric_parts(A); }

// Computes row `item` of [B, L]; all its results are written.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void steric_row(const Lanes& lanes, const StericRows<T>& a, std::int64_t item, T* scratch) {
  const std::int64_t A = a.A, parts = steric_parts(A), sample = item / a.L * a.L;
  lanes.share(A * parts, [&](std::int64_t place) {
    const std::int64_t own = place % A, part = place / A;
    const T* x = a.atoms + (item * A + own) * 3;
    T sums[4] = {};  // energy, gradient
    for (std::int64_t n = part; a.mask[item * A + own] && n < a.k; n += parts) {
      const std::int64_t neighbor = a.nearest[item * a.k + n];
      if (neighbor < 0) break;
      const std::int64_t j = sample + neighbor, step = a.residue_index[j] - a.residue_index[item];
      const T* limits = a.limits + ((step == 1 ? 1 : step == -1 ? 2 : 0) * A + own) * A;
      for (std::int64_t b = 0; b < A; ++b) {
        const T* y = a.atoms + (j * A + b) * 3;
        const T dx = x[0] - y[0], dy = x[1] - y[1], dz = x[2] - y[2];
        const T square = dx * dx + dy * dy + dz * dz, most = limits[b];
        if (most < 0 || square >= most * most || !a.mask[j * A + b]) continue;
        const T distance = std::sqrt(square), depth = most - distance;
        const T push = -2 * depth / (distance > T(1e-6) ? distance : T(1e-6));
        sums[0] += depth * depth / 2;
        sums[1] += push * dx;
        sums[2] += push * dy;
        sums[3] += push * dz;
      }
    }
    for (int d = 0; d < 4; ++d) scratch[4 * place + d] = sums[d];
  });
  lanes.sync();
  lanes.share(A, [&](std::int64_t own) {
    for (int d = 0; d < 4; ++d) {
      T sum = 0;
      for (std::int64_t part = 0; part < parts; ++part) sum += scratch[4 * (part * A + own) + d];
      if (d == 0) {
        scratch[4 * own] = sum;
      } else {
        a.gradient[(item * A + own) * 3 + d - 1] = sum;
      }
    }
  });
  lanes.sync();
  lanes.share(1, [&](std::int64_t) {
    T sum = 0;
    for (std::int64_t own = 0; own < A; ++own) sum += scratch[4 * own];
    a.energy[item] = sum;
  });
  lanes.sync();
}

}  // namespace flashrna
