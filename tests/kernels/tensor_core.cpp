#include "tests/kernels/tensor_core.h"

#include <cstdint>
#include <cstring>

namespace flashrna {
namespace {

constexpr int kLanes = 8;
using Floats = float __attribute__((vector_size(4 * kLanes)));
using Doubles = double __attribute__((vector_size(8 * kLanes)));
using Ints = std::int32_t __attribute__((vector_size(4 * kLanes)));

// The f64 sum is accurate enough that rounding it to f32 gives the correctly rounded result, except for ties.
[[gnu::always_inline]] inline void add_nearest(float* sums, int n, const float* a, const float* const* b) {
  for (int j = 0; j < n; j += kLanes) {
    Floats sum;
    std::memcpy(&sum, sums + j, sizeof(sum));
    Doubles total = __builtin_convertvector(sum, Doubles);
    for (int k = 0; k < kStepDepth; ++k) {
      Floats row;
      std::memcpy(&row, b[k] + j, sizeof(row));
      const Floats product = a[k] * row;
      total += __builtin_convertvector(product, Doubles);
    }
    sum = __builtin_convertvector(total, Floats);
    std::memcpy(sums + j, &sum, sizeof(sum));
  }
}

// Converts addends to integers in units of the last place kept. Conversion truncates toward zero, and the sum of 17
// numbers below 2^26 fits.
template <int kBits>
[[gnu::always_inline]] inline void add_truncated(float* sums, int n, const float* a, const float* const* b) {
  const std::int32_t magnitude_mask = 0x7fffffff, exponent_mask = 0x7f800000, one = 1 << 23;
  for (int j = 0; j < n; j += kLanes) {
    Floats sum;
    std::memcpy(&sum, sums + j, sizeof(sum));
    Ints bits;
    std::memcpy(&bits, &sum, sizeof(bits));
    Ints largest = bits & magnitude_mask;  // positive floats are ordered like their bits
    for (int k = 0; k < kStepDepth; ++k) {
      Floats row;
      std::memcpy(&row, b[k] + j, sizeof(row));
      const Floats product = a[k] * row;
      std::memcpy(&bits, &product, sizeof(bits));
      bits &= magnitude_mask;
      largest = bits > largest ? bits : largest;
    }
    Ints exponent = largest & exponent_mask;
    const Ints lowest = Ints{} + kBits * one;  // below 2^-100 all results are zero; this keeps the scales below finite
    exponent = exponent > lowest ? exponent : lowest;
    const Ints unit_bits = exponent - (kBits - 1) * one, scale_bits = 254 * one - unit_bits;  // unit and 1 / unit
    Floats scale, unit;
    std::memcpy(&scale, &scale_bits, sizeof(scale));
    std::memcpy(&unit, &unit_bits, sizeof(unit));
    const Floats scaled_sum = sum * scale;
    Ints total = __builtin_convertvector(scaled_sum, Ints);
    for (int k = 0; k < kStepDepth; ++k) {
      Floats row;
      std::memcpy(&row, b[k] + j, sizeof(row));
      const Floats product = a[k] * row * scale;
      total += __builtin_convertvector(product, Ints);
    }
    // Truncates to 24 bits: where the conversion rounded up, the bits of the magnitude are decremented.
    Floats result = __builtin_convertvector(total, Floats);
    const Ints back = __builtin_convertvector(result, Ints);
    const Ints rounded_up = (total < 0 ? -back : back) > (total < 0 ? -total : total);  // -1 where true
    std::memcpy(&bits, &result, sizeof(bits));
    bits += rounded_up;
    std::memcpy(&result, &bits, sizeof(result));
    result *= unit;
    std::memcpy(sums + j, &result, sizeof(result));
  }
}

[[gnu::always_inline]] inline void add(float* sums, int n, const float* a, const float* const* b,
                                       Accumulation accumulation) {
  switch (accumulation) {
    case Accumulation::kNearest:
      return add_nearest(sums, n, a, b);
    case Accumulation::k24Bits:
      return add_truncated<24>(sums, n, a, b);
    case Accumulation::k26Bits:
      return add_truncated<26>(sums, n, a, b);
  }
}

using StepFunction = void (*)(float*, int, const float*, const float* const*, Accumulation);

void step_on_any_cpu(float* sums, int n, const float* a, const float* const* b, Accumulation accumulation) {
  add(sums, n, a, b, accumulation);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void step_on_avx2(float* sums, int n, const float* a, const float* const* b,
                                          Accumulation accumulation) {
  add(sums, n, a, b, accumulation);
}
#endif

StepFunction step_of_this_cpu() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return step_on_avx2;
#endif
  return step_on_any_cpu;
}

}  // namespace

const char* accumulation_name(Accumulation accumulation) {
  switch (accumulation) {
    case Accumulation::kNearest:
      return "nearest";
    case Accumulation::k24Bits:
      return "24 bits";
    case Accumulation::k26Bits:
      return "26 bits";
  }
  return "";
}

void tensor_core_step(float* sums, int n, const float* a, const float* const* b, Accumulation accumulation) {
  static const StepFunction step = step_of_this_cpu();
  step(sums, n, a, b, accumulation);
}

}  // namespace flashrna
