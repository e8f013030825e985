// Tensor-core arithmetic on the host: one step of a matrix product with half-precision operands.
#pragma once

namespace flashrna {

// How a tensor core adds 16 exact products to its f32 accumulator. Real ones align all addends to the largest one and
// truncate the bits below the last place kept, instead of rounding the sum.
enum class Accumulation {
  kNearest,  // the exact sum, rounded once
  k24Bits,   // addends truncated to 24 bits of the largest: pessimistic
  k26Bits,   // addends truncated to 26 bits
};

const char* accumulation_name(Accumulation accumulation);

inline constexpr int kStepDepth = 16;

// sums[j] += sum over k of a[k] b[k][j], for j < n, a multiple of 8. The numbers in a[kStepDepth] and in the rows
// b[kStepDepth] are halves stored as f32, so that each product is exact.
void tensor_core_step(float* sums, int n, const float* a, const float* const* b, Accumulation accumulation);

}  // namespace flashrna
