// The emulated tensor core against sums computed by hand and with integers.
#include "tests/kernels/tensor_core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace flashrna {
namespace {

// One sum: adds the products a[k] b[k] to `sum`; the other 7 columns are zero.
float step(float sum, const std::vector<float>& a, const std::vector<float>& b, Accumulation accumulation) {
  std::vector<float> depth(kStepDepth, 0.0f), sums(8, 0.0f);
  std::vector<std::vector<float>> rows(kStepDepth, std::vector<float>(8, 0.0f));
  std::vector<const float*> pointers;
  for (std::size_t k = 0; k < a.size(); ++k) depth[k] = a[k];
  for (int k = 0; k < kStepDepth; ++k) {
    if (k < static_cast<int>(b.size())) rows[k][3] = b[k];
    pointers.push_back(rows[k].data());
  }
  sums[3] = sum;
  tensor_core_step(sums.data(), 8, depth.data(), pointers.data(), accumulation);
  for (int j = 0; j < 8; ++j) {
    if (j != 3) {
      EXPECT_EQ(sums[j], 0.0f) << "column " << j;
    }
  }
  return sums[3];
}

TEST(TensorCore, SumsThatFitAreExact) {
  for (const Accumulation mode : {Accumulation::kNearest, Accumulation::k24Bits, Accumulation::k26Bits}) {
    EXPECT_EQ(step(1.0f, {2.0f, -3.0f, 0.5f}, {4.0f, 0.25f, -8.0f}, mode), 4.25f) << accumulation_name(mode);
    EXPECT_EQ(step(0.0f, {}, {}, mode), 0.0f) << accumulation_name(mode);
    EXPECT_EQ(step(-1024.0f, {32.0f}, {32.0f}, mode), 0.0f) << accumulation_name(mode);
  }
}

TEST(TensorCore, AddendsBelowTheLastPlaceAreCutTowardZero) {
  // The last place of 1 is 2^-23, and 2^-25 with two more bits.
  const float quarter = 0x1p-13f, unit = 0x1p-12f;  // times 2^-12: 2^-25 and 2^-24
  const std::vector<float> four = {quarter, quarter, quarter, quarter}, b(4, unit);
  EXPECT_EQ(step(1.0f, four, b, Accumulation::k24Bits), 1.0f);
  EXPECT_EQ(step(1.0f, four, b, Accumulation::k26Bits), 1.0f + 0x1p-23f);
  EXPECT_EQ(step(1.0f, four, b, Accumulation::kNearest), 1.0f + 0x1p-23f);
  // Only kNearest rounds up three quarters of a place.
  const std::vector<float> three(3, quarter);
  EXPECT_EQ(step(1.0f, three, b, Accumulation::k26Bits), 1.0f);
  EXPECT_EQ(step(1.0f, three, b, Accumulation::kNearest), 1.0f + 0x1p-23f);
  // Negative addends are also truncated toward zero, not downward.
  const std::vector<float> negative(4, -quarter);
  EXPECT_EQ(step(1.0f, negative, b, Accumulation::k24Bits), 1.0f);
  EXPECT_EQ(step(1.0f, negative, b, Accumulation::k26Bits), 1.0f - 0x1p-23f);
}

TEST(TensorCore, TheLargestProductSetsTheLastPlace) {
  // 4096 appears and cancels within one step. While it is present the last place is 2^-11, or 2^-13.
  const std::vector<float> a = {64.0f, -64.0f, 0x1p-6f}, b = {64.0f, 64.0f, 0x1p-6f};  // 2^-12 at the end
  EXPECT_EQ(step(0.0f, a, b, Accumulation::k24Bits), 0.0f);
  EXPECT_EQ(step(0.0f, a, b, Accumulation::k26Bits), 0x1p-12f);
  EXPECT_EQ(step(0.0f, a, b, Accumulation::kNearest), 0x1p-12f);
}

// The same arithmetic in 64-bit integers, on numbers of all magnitudes and signs.
TEST(TensorCore, AgreesWithIntegers) {
  std::uint32_t state = 1;
  const auto half = [&](int spread) {
    state = state * 1664525u + 1013904223u;
    const int mantissa = static_cast<int>(state >> 21) - 1024;  // 11 bits and a sign
    state = state * 1664525u + 1013904223u;
    return std::ldexp(static_cast<float>(mantissa), -static_cast<int>(state >> 16) % spread);
  };
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<float> a(kStepDepth), b(kStepDepth);
    for (int k = 0; k < kStepDepth; ++k) {
      a[k] = half(9);
      b[k] = half(9);
    }
    const float sum = half(5) * 1.000123f;
    for (const int bits : {24, 26}) {
      double largest = std::abs(sum);
      for (int k = 0; k < kStepDepth; ++k) largest = std::max(largest, std::abs(double{a[k]} * b[k]));
      const double unit = std::ldexp(1.0, std::ilogb(largest) - (bits - 1));
      std::int64_t total = static_cast<std::int64_t>(sum / unit);
      for (int k = 0; k < kStepDepth; ++k) total += static_cast<std::int64_t>(double{a[k]} * b[k] / unit);
      // Truncate to 24 bits.
      std::int64_t place = 1;
      while (std::abs(total) / place >= 1 << 24) place *= 2;
      const double expected = static_cast<double>(total / place * place) * unit;
      ASSERT_EQ(step(sum, a, b, bits == 24 ? Accumulation::k24Bits : Accumulation::k26Bits), expected)
          << "trial " << trial << ", " << bits << " bits";
    }
  }
}

}  // namespace
}  // namespace flashrna
