// IEEE half precision as bits, the type of every tensor-core operand, and the split of a number into two halves.
#pragma once

#ifdef __CUDA_ARCH__
#include <cuda_fp16.h>
#endif

#include <cstdint>
#include <cstring>

#include "kernels/host_device.h"

namespace flashrna::fused_ipa {

using Half = std::uint16_t;

inline constexpr float kLargestHalf = 65504.0f;

// Rounds to the nearest half, ties to even, and keeps subnormals. Values beyond the range become the largest half: an
// infinity times a zero in the tensor core would be NaN. NaN stays NaN, so that bad input is visible.
FLASHRNA_HOST_DEVICE Half to_half(float x) {
  x = x > kLargestHalf ? kLargestHalf : x < -kLargestHalf ? -kLargestHalf : x;
#ifdef __CUDA_ARCH__
  return __half_as_ushort(__float2half_rn(x));
#else
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<Half>(sign | 0x7e00u);
  if (magnitude < 0x38800000u) {  // below 2^-14: one unit in the last place of [0.5, 1) is the subnormals' unit, 2^-24
    float shifted;
    std::memcpy(&shifted, &magnitude, 4);
    shifted += 0.5f;
    std::memcpy(&bits, &shifted, 4);
    return static_cast<Half>(sign | (bits - 0x3f000000u));
  }
  const std::uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<Half>(sign | (rounded - 0x38000000u) >> 13);
#endif
}

FLASHRNA_HOST_DEVICE float from_half(Half h) {
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(h));
#else
  const std::uint32_t sign = (h & 0x8000u) << 16, magnitude = (h & 0x7fffu) << 13;
  if (magnitude >= 0x0f800000u) {  // infinity or NaN
    const std::uint32_t bits = sign | 0x70000000u | magnitude;
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
  }
  float x;
  std::memcpy(&x, &magnitude, 4);
  x *= 0x1p112f;  // the exponents' biases are 15 and 127; exact for subnormals too
  return sign != 0 ? -x : x;
#endif
}

// Whether to_half() may have clamped the number: h is the largest half or is not finite. The lift counts these.
FLASHRNA_HOST_DEVICE bool is_extreme(Half h) { return (h & 0x7fffu) >= 0x7bffu; }

// Packs two halves as in a tensor-core register, `first` in the lower bits. Both must be within the range.
FLASHRNA_HOST_DEVICE std::uint32_t to_halves(float first, float second) {
#ifdef __CUDA_ARCH__
  std::uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
  return bits;
#else
  return to_half(first) | static_cast<std::uint32_t>(to_half(second)) << 16;
#endif
}
FLASHRNA_HOST_DEVICE float first_of(std::uint32_t halves) { return from_half(static_cast<Half>(halves & 0xffffu)); }
FLASHRNA_HOST_DEVICE float second_of(std::uint32_t halves) { return from_half(static_cast<Half>(halves >> 16)); }

// x = hi + lo to 22 bits, or with an absolute error of 2^-25 where lo is subnormal.
struct HiLo {
  Half hi, lo;
};

FLASHRNA_HOST_DEVICE HiLo split(float x) {
  const Half hi = to_half(x);
  return {hi, to_half(x - from_half(hi))};
}

FLASHRNA_HOST_DEVICE float joined(HiLo x) { return from_half(x.hi) + from_half(x.lo); }

}  // namespace flashrna::fused_ipa
