#include "libfold/evaluation/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

namespace flashrna {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(Distributions, TheSpreadOfTorsionsDoesNotSeeTheSeam) {
  const std::vector<double> angles{kPi - 0.1, -kPi + 0.1, kPi - 0.1, -kPi + 0.1};
  const Spread1d spread = spread_of(angles, MeasureKind::kTorsion);
  EXPECT_NEAR(std::abs(spread.mean), kPi, 1e-12);
  EXPECT_NEAR(spread.deviation, std::sqrt(-2.0 * std::log(std::cos(0.1))), 1e-12);
  EXPECT_NEAR(spread_of(angles, MeasureKind::kAngle).mean, 0.0, 1e-12);
  const Spread1d lengths = spread_of(std::vector{1.0, 2.0, 4.0, 5.0}, MeasureKind::kDistance);
  EXPECT_DOUBLE_EQ(lengths.mean, 3.0);
  EXPECT_DOUBLE_EQ(lengths.deviation, std::sqrt(2.5));
  EXPECT_TRUE(std::isnan(spread_of({}, MeasureKind::kTorsion).mean));
}

TEST(Distributions, EveryValueIsInTheHistogramOrBesideIt) {
  std::vector<double> reference(1001);
  std::iota(reference.begin(), reference.end(), 0.0);
  const HistogramBins bins = histogram_bins(reference, MeasureKind::kDistance);
  EXPECT_NEAR(bins.first, 1.0 - 0.5 * 998.0, 1.0) << "half of the range between the percentiles below the lower one";
  EXPECT_NEAR(bins.first + bins.count * bins.width, 999.0 + 0.5 * 998.0, 1.0);
  const double last = bins.first + bins.count * bins.width;
  const std::vector<double> values{bins.first - 1.0, bins.first, last, last + 1.0, 500.0};
  const Histogram histogram = histogram_of(values, bins);
  EXPECT_EQ(histogram.below, 1);
  EXPECT_EQ(histogram.above, 1);
  EXPECT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::int64_t{0}), 3);
  EXPECT_EQ(histogram.counts.front(), 1);
  EXPECT_EQ(histogram.counts.back(), 1) << "the upper edge belongs to the last bin";
}

TEST(Distributions, TorsionsAreComparedOnTheCircleBesideTheLine) {
  const std::vector<double> a{kPi - 0.05}, b{-kPi + 0.05};
  const DistributionComparison torsions = compare_distributions(a, b, MeasureKind::kTorsion);
  EXPECT_NEAR(torsions.circular_wasserstein, 0.1, 1e-12);
  EXPECT_NEAR(torsions.wasserstein, 2.0 * kPi - 0.1, 1e-12);
  EXPECT_EQ(torsions.bins.count, 72);
  EXPECT_EQ(torsions.sample_histogram.counts.back(), 1);
  EXPECT_EQ(torsions.reference_histogram.counts.front(), 1);
  const DistributionComparison lengths =
      compare_distributions(std::vector{1.0}, std::vector{3.0}, MeasureKind::kDistance);
  EXPECT_DOUBLE_EQ(lengths.wasserstein, 2.0);
  EXPECT_TRUE(std::isnan(lengths.circular_wasserstein));
  EXPECT_TRUE(std::isnan(compare_distributions(a, {}, MeasureKind::kTorsion).wasserstein));
}

TEST(Distributions, TheTorsionGridHasTheSecondTorsionByRow) {
  const std::vector<std::array<float, 2>> pairs{{-3.1f, 0.01f}, {3.1f, 3.1415927f}};
  const std::vector<std::int32_t> grid = torsion_grid(pairs);
  EXPECT_EQ(grid[36 * kTorsionGrid + 0], 1);
  EXPECT_EQ(grid[71 * kTorsionGrid + 71], 1);
  EXPECT_EQ(std::accumulate(grid.begin(), grid.end(), 0), 2);
}

}  // namespace
}  // namespace flashrna
