// Chunks, steps and tiles of the fused kernels, and halves: the tensor core computes the products of the formula.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "kernels/flash_ipa/fused/fp16.h"
#include "kernels/flash_ipa/fused/layout.h"
#include "kernels/flash_ipa/fused/softmax.h"

namespace flashrna::fused_ipa {

static void PrintTo(const HeadSize& s, std::ostream* out) {
  *out << "C " << s.C << " P_q " << s.P_q << " P_v " << s.P_v << " R " << s.R << " c " << s.c;
}

namespace {

class FusedIpaLayout : public testing::TestWithParam<HeadSize> {};

// Number of times that each pair of chunks is multiplied.
using Products = std::map<std::pair<int, int>, int>;

void add_step(Step step, Products& products) {
  for (int i = 0; i < 2; ++i) ++products[{step.a[i], step.b[i]}];
}

TEST_P(FusedIpaLayout, LogitStepsMultiplyEachPairOfChunksOnce) {
  const Layout l = make_layout(GetParam());
  Products expected, got;
  for (int i = 0; i < l.scalar; ++i) ++expected[{i, i}];
  for (int i = 0; i < l.bias; ++i) ++expected[{bias_chunk(l, i), bias_chunk(l, i)}];
  for (int i = 0; i < l.point; ++i) {
    ++expected[{query_hi(l, i), key_hi(l, i)}];
    ++expected[{query_hi(l, i), key_lo(l, i)}];
    ++expected[{query_lo(l, i), key_hi(l, i)}];
  }
  for (int s = 0; s < logit_steps(l); ++s) add_step(logit_step(l, s), got);
  EXPECT_EQ(got, expected);
}

TEST_P(FusedIpaLayout, GradientStepsMultiplyEachPairOfChunksOnce) {
  const Layout l = make_layout(GetParam());
  const int points = l.scalar + l.pair;
  Products expected, got;
  for (int i = 0; i < points; ++i) ++expected[{i, i}];
  for (int i = 0; i < l.value_point; ++i) {
    ++expected[{points + i, points + i}];
    // The last chunk of an odd number is stored twice.
    const bool repeated = l.value_point % 2 == 1 && i == l.value_point - 1;
    ++expected[{points + i + (repeated ? 1 : 0), points + l.value_point + i}];
  }
  for (int s = 0; s < gradient_steps(l); ++s) add_step(gradient_step(l, s), got);
  EXPECT_EQ(got, expected);
}

TEST_P(FusedIpaLayout, TheSecondChunkOfAStepLiesBehindTheFirst) {
  const Layout l = make_layout(GetParam());
  for (int s = 0; s < logit_steps(l); ++s) {
    const Step step = logit_step(l, s);
    EXPECT_LT(step.a[0], step.a[1]) << "step " << s;
    EXPECT_LT(step.b[0], step.b[1]) << "step " << s;
  }
  for (int s = 0; s < gradient_steps(l); ++s) {
    const Step step = gradient_step(l, s);
    EXPECT_LT(step.a[0], step.a[1]) << "step " << s;
    EXPECT_LT(step.b[0], step.b[1]) << "step " << s;
  }
}

TEST_P(FusedIpaLayout, KeyChunksCoverTheOperandWithoutOverlap) {
  const Layout l = make_layout(GetParam());
  std::set<int> chunks;
  for (int i = 0; i < l.scalar; ++i) chunks.insert(i);
  for (int i = 0; i < l.point; ++i) {
    chunks.insert(key_hi(l, i));
    chunks.insert(key_lo(l, i));
  }
  for (int i = 0; i < l.bias; ++i) chunks.insert(bias_chunk(l, i));
  EXPECT_EQ(static_cast<int>(chunks.size()), logit_chunks(l));
  EXPECT_EQ(*chunks.begin(), 0);
  EXPECT_EQ(*chunks.rbegin(), logit_chunks(l) - 1);
}

TEST_P(FusedIpaLayout, LargeProductsOfPointsComeLast) {
  const Layout l = make_layout(GetParam());
  int first_large = logit_steps(l), last_small = -1;
  for (int s = 0; s < logit_steps(l); ++s) {
    const Step step = logit_step(l, s);
    const bool large =
        step.a[0] >= l.scalar && step.a[0] < l.scalar + l.point && step.b[0] == key_hi(l, step.a[0] - l.scalar);
    if (large) first_large = std::min(first_large, s);
    if (!large) last_small = std::max(last_small, s);
  }
  EXPECT_GT(first_large, last_small);
}

TEST_P(FusedIpaLayout, ElementsOfATileAreDistinct) {
  const Layout l = make_layout(GetParam());
  const int rows = 48, columns = kChunk * logit_chunks(l), value = value_columns(l);
  std::set<int> elements, value_elements;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) elements.insert(element(row, column, rows));
    for (int column = 0; column < value; ++column) value_elements.insert(value_element(row, column, value));
  }
  EXPECT_EQ(static_cast<int>(elements.size()), rows * columns);
  EXPECT_EQ(*elements.rbegin(), rows * columns - 1);
  EXPECT_EQ(static_cast<int>(value_elements.size()), rows * value);
  EXPECT_EQ(*value_elements.rbegin(), rows * value - 1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FusedIpaLayout,
                         testing::Values(HeadSize{128, 8, 12, 2, 32}, HeadSize{16, 8, 12, 0, 0},
                                         HeadSize{4, 2, 3, 2, 4}, HeadSize{8, 4, 5, 8, 8}, HeadSize{64, 8, 12, 4, 32},
                                         HeadSize{32, 5, 8, 9, 4}, HeadSize{24, 1, 1, 17, 3},
                                         HeadSize{128, 12, 16, 1, 32}));

TEST(FusedIpaParts, CoverAllTilesInOrder) {
  for (const int n_tiles : {0, 1, 5, 8, 171}) {
    for (const int n_parts : {1, 2, 3, 8}) {
      int next = 0;
      for (int part = 0; part < n_parts; ++part) {
        const Part range = part_of_tiles(n_tiles, n_parts, part);
        EXPECT_EQ(range.first, next);
        EXPECT_LE(range.last - range.first, (n_tiles + n_parts - 1) / n_parts);
        next = range.last;
      }
      EXPECT_EQ(next, n_tiles);
    }
  }
}

// Halves -------------------------------------------------------------------------------------------------------------

// By the definition: sign, 5 bits of exponent, 10 bits of fraction.
double value_of(Half h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (h & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(HalfPrecision, EveryFiniteHalfSurvives) {
  for (int h = 0; h < 0x10000; ++h) {
    if ((h >> 10 & 31) == 31) continue;
    const Half half = static_cast<Half>(h);
    ASSERT_EQ(from_half(half), value_of(half)) << h;
    ASSERT_EQ(to_half(from_half(half)), half) << h;
  }
}

TEST(HalfPrecision, RoundsToNearestAndTiesToEven) {
  for (int h = 0; h < 0x7bff; ++h) {  // up to the largest half
    const Half below = static_cast<Half>(h), above = static_cast<Half>(h + 1);
    const float middle = static_cast<float>((value_of(below) + value_of(above)) / 2);
    ASSERT_EQ(to_half(middle), h % 2 == 0 ? below : above) << h;
    ASSERT_EQ(to_half(std::nextafter(middle, 0.0f)), below) << h;
    ASSERT_EQ(to_half(std::nextafter(middle, 1e9f)), above) << h;
    ASSERT_EQ(to_half(-middle), (h % 2 == 0 ? below : above) | 0x8000) << h;
  }
}

TEST(HalfPrecision, ClampsBeyondTheRangeAndKeepsNan) {
  for (const float x : {65504.0f, 65520.0f, 1e30f, kInfinity}) {
    EXPECT_EQ(from_half(to_half(x)), 65504.0f);
    EXPECT_EQ(from_half(to_half(-x)), -65504.0f);
    EXPECT_TRUE(is_extreme(to_half(x)) && is_extreme(to_half(-x)));
  }
  EXPECT_TRUE(std::isnan(from_half(to_half(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(is_extreme(to_half(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_FALSE(is_extreme(to_half(65472.0f)) || is_extreme(to_half(-65472.0f)) || is_extreme(to_half(0.0f)));
}

TEST(HalfPrecision, APairHoldsTwoHalves) {
  const std::uint32_t pair = to_halves(-1.5f, 32768.0f);
  EXPECT_EQ(pair, 0x7800be00u);
  EXPECT_EQ(first_of(pair), -1.5f);
  EXPECT_EQ(second_of(pair), 32768.0f);
}

TEST(HalfPrecision, TwoHalvesHold22Bits) {
  for (int i = 1; i < 4000; ++i) {
    const float x = std::sin(static_cast<float>(i)) * std::ldexp(1.0f, i % 13 - 2);
    // Half a unit in the last place of lo, which is 2^-11 of it, or half the unit of subnormals.
    EXPECT_LE(std::abs(joined(split(x)) - x), std::max(std::abs(x) * 0x1p-22f, 0x1p-25f)) << x;
  }
}

// Parts of the keys and masked rows ----------------------------------------------------------------------------------

TEST(FusedIpaSoftmax, AMaskedRowHasNoWeightAnywhere) {
  SoftmaxRow row;
  const SoftmaxTile tile = begin_tile(row, -kInfinity, -3.0f);
  EXPECT_EQ(probability(-kInfinity, tile.shift), 0.0f);
  end_tile(row, 0.0f, {1.0f, 2.0f, 3.0f});
  EXPECT_EQ(inverse_sum(row.sum), 0.0f);
  const float lse = log_sum_exp(row.maximum, row.sum);
  EXPECT_TRUE(is_masked(lse));
  EXPECT_EQ(probability(5.0f, backward_shift(lse, -3.0f, 0.0f)), 0.0f);
  const PartSums parts[3] = {{row.maximum, row.sum}, {2.5f, 7.0f}, {kLowestMaximum, 0.0f}};
  const PartSums whole = combine_sums(parts, 3, 1);
  EXPECT_EQ(whole.maximum, 2.5f);
  EXPECT_EQ(whole.sum, 7.0f);
  EXPECT_EQ(part_weight(parts[0], whole.maximum), 0.0f);
  EXPECT_TRUE(is_masked(combine_sums(parts, 1, 1)));
}

// The logits are so large that a log-sum-exp of each part would have a rounding error of 4e-6.
TEST(FusedIpaSoftmax, WeightsOfThePartsAddUpToTheWhole) {
  const PartSums parts[3] = {{-97.3f, 40000.0f}, {-96.1f, 61234.5f}, {-99.9f, 123.25f}};
  const PartSums whole = combine_sums(parts, 3, 1);
  double sum = 0.0, exact = 0.0;
  for (const PartSums& part : parts) {
    sum += part_weight(part, whole.maximum);
    exact += part.sum * std::exp2(static_cast<double>(part.maximum) - parts[1].maximum);
  }
  EXPECT_NEAR(sum / whole.sum, 1.0, 0x1p-23);
  EXPECT_NEAR(whole.sum / exact, 1.0, 0x1p-22);
}

TEST(FusedIpaSoftmax, AKeyAfterAMaskedTileCountsInFull) {
  SoftmaxRow row;
  begin_tile(row, -kInfinity, 0.0f);
  end_tile(row, 0.0f, {0.0f, 0.0f, 0.0f});
  const SoftmaxTile tile = begin_tile(row, 4.0f, -1.0f);
  EXPECT_EQ(tile.alpha, 0.0f);
  EXPECT_EQ(probability(4.0f, tile.shift), kProbabilityScale);
  end_tile(row, kProbabilityScale, {0.0f, 0.0f, 0.0f});
  EXPECT_EQ(log_sum_exp(row.maximum, row.sum), 3.0f);
}

}  // namespace
}  // namespace flashrna::fused_ipa
