#include "kernels/flash_ipa/flash_ipa_work.h"

#include <gtest/gtest.h>

namespace flashrna {
namespace {

TEST(FlashIpaWork, CountsTheDefaultSizeAsByHand) {
  // Heads of 128 + 24 + 2 = 154 and 128 + 36 + 64 = 228 columns; 1,000 residues: 10^6 pairs, 8 heads, 2 operations.
  const FlashIpaWork work = flash_ipa_work(1000, {});
  EXPECT_DOUBLE_EQ(work.forward_flops, 16e6 * (154 + 228));
  EXPECT_DOUBLE_EQ(work.backward_flops, 16e6 * (3 * 154 + 2 * 228));
  // Per residue and head: q, k, v 384 numbers, points 84, bias factors 4. Per residue: frame 12, pair factors 2 x 2 x
  // 32.
  const double inputs = 8 * (384 + 84 + 4) + 12 + 128;
  // Per head: scalars 128, points 36, norms 12, pair 32; saved: pair sums by rank 64, log-sum-exp 1.
  const double outputs = 8 * (128 + 36 + 12 + 32);
  EXPECT_DOUBLE_EQ(work.forward_bytes, 4000 * (inputs + outputs));
  EXPECT_DOUBLE_EQ(work.backward_bytes, 4000 * (2 * inputs + 2 * outputs + 8 * 65));
}

TEST(FlashIpaWork, WithoutPairRepresentationNothingOfItCounts) {
  const FlashIpaWork work = flash_ipa_work(10, {.H = 1, .C = 4, .P_q = 1, .P_v = 2, .R = 0, .c = 32});
  EXPECT_DOUBLE_EQ(work.forward_flops, 2 * 100 * (7 + 10));
  EXPECT_DOUBLE_EQ(work.forward_bytes, 40 * (12 + 12 + 12 + 12));
}

TEST(FlashIpaWork, RooflineIsTheSlowerOfTheTwoLimits) {
  EXPECT_DOUBLE_EQ(h200_roofline_seconds(790e12, 1), 1.0);
  EXPECT_DOUBLE_EQ(h200_roofline_seconds(1, 8.6e12), 2.0);
  // 4,096 residues: limited by arithmetic, 130 microseconds.
  const FlashIpaWork work = flash_ipa_work(4096, {});
  EXPECT_NEAR(h200_roofline_seconds(work.forward_flops, work.forward_bytes), 129.8e-6, 0.1e-6);
}

}  // namespace
}  // namespace flashrna
