// A row of work shared by 32 lanes, written once: on a GPU they are the threads of a warp, on the host a loop. Lanes
// communicate through arrays of 32 elements in memory visible to all lanes, with sync() between writing and reading.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace flashrna {

inline constexpr int kLanes = 32;

struct HostLanes {
  // Calls f(lane) for every lane.
  template <typename F>
  FLASHRNA_HOST_DEVICE void each(F f) const {
    for (int lane = 0; lane < kLanes; ++lane) f(lane);
  }
  // Calls f(item) for every item of [0, count), distributed over the lanes cyclically.
  template <typename F>
  FLASHRNA_HOST_DEVICE void share(std::int64_t count, F f) const {
    for (std::int64_t item = 0; item < count; ++item) f(item);
  }
  FLASHRNA_HOST_DEVICE void sync() const {}
  // Reduces values [32] with combine(a, b); all lanes get the same result. Lanes whose indices differ in one bit are
  // paired.
  template <typename T, typename Combine>
  FLASHRNA_HOST_DEVICE T reduce(const T* values, Combine combine) const {
    T partial[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) partial[lane] = values[lane];
    for (int apart = kLanes / 2; apart > 0; apart /= 2)
      for (int lane = 0; lane < apart; ++lane) partial[lane] = combine(partial[lane], partial[lane + apart]);
    return partial[0];
  }
};

#ifdef __CUDACC__

// A whole warp; `lane` is the index of the thread in it.
struct WarpLanes {
  int lane;

  template <typename F>
  FLASHRNA_HOST_DEVICE void each(F f) const {
    f(lane);
  }
  template <typename F>
  FLASHRNA_HOST_DEVICE void share(std::int64_t count, F f) const {
    for (std::int64_t item = lane; item < count; item += kLanes) f(item);
  }
  FLASHRNA_HOST_DEVICE void sync() const {
#ifdef __CUDA_ARCH__
    __syncwarp();
#endif
  }
  template <typename T, typename Combine>
  FLASHRNA_HOST_DEVICE T reduce(const T* values, Combine combine) const {
    T result = values[lane];
#ifdef __CUDA_ARCH__
    for (int apart = kLanes / 2; apart > 0; apart /= 2) result = combine(result, __shfl_xor_sync(~0u, result, apart));
#endif
    return result;
  }
};

#endif

// Maximum, minimum and sum over values [32], one per lane.
template <class Lanes, typename T>
FLASHRNA_HOST_DEVICE T max_over(const Lanes& lanes, const T* values) {
  return lanes.reduce(values, [](T a, T b) { return b > a ? b : a; });
}
template <class Lanes, typename T>
FLASHRNA_HOST_DEVICE T min_over(const Lanes& lanes, const T* values) {
  return lanes.reduce(values, [](T a, T b) { return b < a ? b : a; });
}
template <class Lanes, typename T>
FLASHRNA_HOST_DEVICE T sum_over(const Lanes& lanes, const T* values) {
  return lanes.reduce(values, [](T a, T b) { return a + b; });
}

}  // namespace flashrna
