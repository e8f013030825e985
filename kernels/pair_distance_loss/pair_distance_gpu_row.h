// The error of one atom against all others on a GPU, with its gradient. The GPU kernel and a loop on the host, which
// tests use, call the same function.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/host_device.h"
#include "kernels/lanes.h"
#include "kernels/pair_distance_loss/pair_distance_term.h"

namespace flashrna {

// T is float or double; N atoms per sample. `gradient` is initialized to zero, or is null.
template <typename T>
struct PairDistanceRows {
  std::int64_t B, N;
  const T *predicted, *truth;  // [B, N, 3]
  const bool* mask;            // [B, N]
  double* rows;                // [B, N]: sum over j of (|x_i - x_j| - |y_i - y_j|)^2, 0 for a missing atom
  T* gradient;                 // [B, N, 3], of the sample's sum of rows
};

// Computes every row of [B, N], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void pair_distance_rows_cuda(const PairDistanceRows<T>& arguments, const CudaStream& stream);

inline constexpr std::int64_t kPairDistanceScratch = 4 * kLanes;

// Computes row `item` of [B, N].
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void pair_distance_gpu_row(const Lanes& lanes, const PairDistanceRows<T>& a, std::int64_t item,
                                                double* scratch) {
  constexpr int kStepsPerFlush = 16;  // number of steps after which sums of type T are added to f64 sums
  const std::int64_t b = item / a.N, first = b * a.N;
  if (!a.mask[item]) {
    lanes.each([&](int lane) {
      if (lane == 0) a.rows[item] = 0;
    });
    return;
  }
  const T *x = a.predicted + 3 * first, *y = a.truth + 3 * first, *xi = a.predicted + 3 * item,
          *yi = a.truth + 3 * item;
  const T xi0 = xi[0], xi1 = xi[1], xi2 = xi[2], yi0 = yi[0], yi1 = yi[1], yi2 = yi[2];
  lanes.each([&](int lane) {
    double loss = 0, pull0 = 0, pull1 = 0, pull2 = 0;
    for (std::int64_t flush = lane; flush < a.N; flush += kLanes * kStepsPerFlush) {
      T sum = 0, g0 = 0, g1 = 0, g2 = 0;
      const std::int64_t end = flush + kLanes * kStepsPerFlush < a.N ? flush + kLanes * kStepsPerFlush : a.N;
      for (std::int64_t j = flush; j < end; j += kLanes) {
        if (!a.mask[first + j]) continue;  // its coordinates may have any value, including NaN
        const T dx = xi0 - x[3 * j], dy = xi1 - x[3 * j + 1], dz = xi2 - x[3 * j + 2];
        const T ex = yi0 - y[3 * j], ey = yi1 - y[3 * j + 1], ez = yi2 - y[3 * j + 2];
        const PairDistanceTerm<T> term = pair_distance_term(dx, dy, dz, ex, ey, ez, T(1));
        sum += term.error * term.error;
        g0 += term.factor * dx;
        g1 += term.factor * dy;
        g2 += term.factor * dz;
      }
      loss += sum;
      pull0 += g0;
      pull1 += g1;
      pull2 += g2;
    }
    scratch[lane] = loss;
    scratch[kLanes + lane] = pull0;
    scratch[2 * kLanes + lane] = pull1;
    scratch[3 * kLanes + lane] = pull2;
  });
  lanes.sync();
  double sums[4];
  for (int d = 0; d < 4; ++d) sums[d] = sum_over(lanes, scratch + d * kLanes);
  lanes.each([&](int lane) {
    if (lane != 0) return;
    a.rows[item] = sums[0];
    // Each pair occurs in both orders, so the gradient is twice 2 error times the unit vector.
    if (a.gradient == nullptr) return;
    for (int d = 0; d < 3; ++d) a.gradient[3 * item + d] = static_cast<T>(4 * sums[1 + d]);
  });
}

}  // namespace flashrna
