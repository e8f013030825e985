// Overlap of the atoms of one residue with those of its neighbors, with the gradient. Atoms and their contact distances
// are given as tables. The GPU kernel and the CPU call the same function.
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
  const bool* mask;                   // [B, L, A]; null: all atoms of all neighbors are present
  const std::int64_t* residue_index;  // [B, L]
  const std::int64_t* nearest;        // [B, L, k]: positions, -1 after the last
  // [3, A, A]: distance below which a pair of atoms overlaps, negative for pairs that never do; for a neighbor
  // elsewhere, the next residue, the previous one.
  const T* limits;
  T longest;            // the largest of `limits`
  std::int64_t center;  // a slot in the middle of a residue, from which its extent is measured
  T* energy;            // [B, L]: half the sum of squared depths over the pairs of the residue's own atoms
  T* gradient;          // [B, L, A, 3]: of the sum of all energies, if all lists of neighbors are mutual
};

// Computes every row of [B, L], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void steric_rows_cuda(const StericRows<T>& arguments, const CudaStream& stream);

// Computes the rows [begin, end) of [B, L] on the CPU.
template <typename T>
void steric_rows_cpu(const StericRows<T>& arguments, std::int64_t begin, std::int64_t end);

// Lanes that share the neighbors of one atom.
FLASHRNA_HOST_DEVICE std::int64_t steric_parts(std::int64_t A) { return A < kLanes ? kLanes / A : 1; }

// Scratch memory, in elements of T: sums, then the reach of each neighbor.
FLASHRNA_HOST_DEVICE std::int64_t steric_scratch(std::int64_t A, std::int64_t k) { return 4 * A * steric_parts(A) + k; }

// Leaves in reach [k] the squared distance from each neighbor's center within which an atom can overlap with it.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void find_reach(const Lanes& lanes, const StericRows<T>& a, std::int64_t item, T* reach) {
  lanes.share(a.k, [&](std::int64_t n) {
    const std::int64_t neighbor = a.nearest[item * a.k + n];
    if (neighbor < 0) return;
    const T* atoms = a.atoms + (item / a.L * a.L + neighbor) * a.A * 3;
    const T* middle = atoms + 3 * a.center;
    T farthest = 0;
    for (std::int64_t b = 0; b < a.A; ++b) {
      const T dx = atoms[3 * b] - middle[0], dy = atoms[3 * b + 1] - middle[1], dz = atoms[3 * b + 2] - middle[2];
      const T square = dx * dx + dy * dy + dz * dz;
      if (square > farthest) farthest = square;
    }
    const T distance = T(1.0001) * (std::sqrt(farthest) + a.longest);  // above by more than its rounding
    reach[n] = distance * distance;
  });
  lanes.sync();
}

// Leaves (energy, gradient) of each of the A atoms of row `item` of [B, L] in `sums`, [A, 4].
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void sum_overlaps(const Lanes& lanes, const StericRows<T>& a, std::int64_t item, T* sums) {
  const std::int64_t A = a.A, parts = steric_parts(A), sample = item / a.L * a.L;
  T* const reach = sums + 4 * A * parts;
  find_reach(lanes, a, item, reach);
  lanes.share(A * parts, [&](std::int64_t place) {
    const std::int64_t own = place % A, part = place / A;
    const bool present = a.mask == nullptr || a.mask[item * A + own];
    const T* x = a.atoms + (item * A + own) * 3;
    T sum[4] = {};  // energy, gradient
    for (std::int64_t n = part; present && n < a.k; n += parts) {
      const std::int64_t neighbor = a.nearest[item * a.k + n];
      if (neighbor < 0) break;
      const T* middle = a.atoms + ((sample + neighbor) * A + a.center) * 3;
      const T mx = x[0] - middle[0], my = x[1] - middle[1], mz = x[2] - middle[2];
      if (mx * mx + my * my + mz * mz > reach[n]) continue;
      const std::int64_t j = sample + neighbor, step = a.residue_index[j] - a.residue_index[item];
      const T* limits = a.limits + ((step == 1 ? 1 : step == -1 ? 2 : 0) * A + own) * A;
      for (std::int64_t b = 0; b < A; ++b) {
        const T* y = a.atoms + (j * A + b) * 3;
        const T dx = x[0] - y[0], dy = x[1] - y[1], dz = x[2] - y[2];
        const T square = dx * dx + dy * dy + dz * dz, most = limits[b];
        if (most < 0 || square >= most * most || (a.mask != nullptr && !a.mask[j * A + b])) continue;
        const T distance = std::sqrt(square), depth = most - distance;
        const T push = -2 * depth / (distance > T(1e-6) ? distance : T(1e-6));
        sum[0] += depth * depth / 2;
        sum[1] += push * dx;
        sum[2] += push * dy;
        sum[3] += push * dz;
      }
    }
    for (int d = 0; d < 4; ++d) sums[4 * place + d] = sum[d];
  });
  lanes.sync();
  lanes.share(A, [&](std::int64_t own) {
    for (std::int64_t part = 1; part < parts; ++part)
      for (int d = 0; d < 4; ++d) sums[4 * own + d] += sums[4 * (part * A + own) + d];
  });
  lanes.sync();
}

// Computes row `item` of [B, L]; all its results are written.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void steric_row(const Lanes& lanes, const StericRows<T>& a, std::int64_t item, T* scratch) {
  sum_overlaps(lanes, a, item, scratch);
  lanes.share(3 * a.A, [&](std::int64_t at) { a.gradient[item * a.A * 3 + at] = scratch[4 * (at / 3) + 1 + at % 3]; });
  lanes.share(1, [&](std::int64_t) {
    T sum = 0;
    for (std::int64_t own = 0; own < a.A; ++own) sum += scratch[4 * own];
    a.energy[item] = sum;
  });
  lanes.sync();
}

}  // namespace flashrna
