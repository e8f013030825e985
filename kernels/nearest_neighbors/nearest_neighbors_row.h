// The neighbors of one residue on a GPU, in memory independent of the length: every pass over the keys finds the
// nearest key after the last one found. The GPU kernel and a loop on the host, which tests use, call the same function.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cuda_launch.h"
#include "kernels/host_device.h"
#include "kernels/lanes.h"
#include "kernels/lengths.h"

namespace flashrna {

// T is float or double. `indices` are initialized to -1 and `distances` to 0.
template <typename T>
struct NeighborRows {
  std::int64_t B, L, k;
  double self_distance;         // as in NearestNeighborsOptions
  const T* positions;           // [B, L, 3]
  const std::int64_t* lengths;  // [B]
  std::int64_t* indices;        // [B, L, k]
  T* distances;                 // [B, L, k]
};

// Computes every row of [B, L], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void nearest_neighbors_cuda(const NeighborRows<T>& arguments, const CudaStream& stream);

// Scratch memory, in elements of 8 bytes.
inline constexpr std::int64_t kNeighborScratch = 2 * kLanes;

// Computes row `item` of [B, L]. A row at or beyond its length is skipped.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void neighbor_row(const Lanes& lanes, const NeighborRows<T>& a, std::int64_t item,
                                       std::int64_t* scratch) {
  const std::int64_t b = item / a.L, i = item % a.L, length = cut_length(a.lengths[b], a.L);
  const std::int64_t nobody = std::int64_t{1} << 62;
  if (i >= length) return;
  const T* positions = a.positions + b * a.L * 3;
  const T x = positions[3 * i], y = positions[3 * i + 1], z = positions[3 * i + 2];
  const T self_distance = static_cast<T>(a.self_distance), infinity = std::numeric_limits<T>::infinity();
  std::int64_t* candidates = scratch;
  T* nearest = reinterpret_cast<T*>(scratch + kLanes);

  // (distance, index) of the last key found. Keys are found in ascending order of this pair, so the lower index comes
  // first if distances are equal.
  T last_distance = T(-1);
  std::int64_t last_index = -1;
  for (std::int64_t m = 0; m < a.k; ++m) {
    lanes.each([&](int lane) {
      T best = infinity;
      std::int64_t best_index = nobody;
      for (std::int64_t j = lane; j < length; j += kLanes) {
        if (j == i && !(self_distance > T(0))) continue;
        const T dx = x - positions[3 * j], dy = y - positions[3 * j + 1], dz = z - positions[3 * j + 2];
        const T distance = j == i ? self_distance : std::sqrt(dx * dx + dy * dy + dz * dz);
        const bool beyond = distance > last_distance || (distance == last_distance && j > last_index);
        if (beyond && distance < best) {
          best = distance;
          best_index = j;
        }
      }
      nearest[lane] = best;
      candidates[lane] = best_index;
    });
    lanes.sync();
    const T distance = min_over(lanes, nearest);
    lanes.each([&](int lane) {
      if (nearest[lane] != distance) candidates[lane] = nobody;
    });
    lanes.sync();
    const std::int64_t index = min_over(lanes, candidates);
    lanes.sync();
    if (index == nobody) return;
    lanes.each([&](int lane) {
      if (lane != 0) return;
      a.indices[item * a.k + m] = index;
      a.distances[item * a.k + m] = distance;
    });
    last_distance = distance;
    last_index = index;
  }
}

}  // namespace flashrna
