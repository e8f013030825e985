#include "rna/measure/wasserstein.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "base/error.h"
#include "tests/support/csv_table.h"
#include "tests/support/golden_file.h"

namespace flashrna {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

std::vector<double> random_numbers(int count, double low, double high, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(uniform(generator));
  return numbers;
}

// Repeats every value `times` times: samples of different sizes become samples of equal size with the same
// distribution.
std::vector<double> repeated(const std::vector<double>& values, std::size_t times) {
  std::vector<double> result;
  for (const double value : values) result.insert(result.end(), times, value);
  std::sort(result.begin(), result.end());
  return result;
}

// The definition: the assignment of minimal cost. On the line it preserves the order.
double assignment_on_line(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = repeated(a, b.size());
  const std::vector<double> y = repeated(b, a.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::abs(x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

// On the circle it preserves the cyclic order, so one of the rotations of the sorted list is optimal.
double assignment_on_circle(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = repeated(a, b.size());
  const std::vector<double> y = repeated(b, a.size());
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t shift = 0; shift < y.size(); ++shift) {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += std::abs(std::remainder(x[i] - y[(i + shift) % y.size()], kTurn));
    }
    best = std::min(best, sum / static_cast<double>(x.size()));
  }
  return best;
}

TEST(Wasserstein, PublishedListsGiveTheGoldenDistances) {
  const GoldenFile file(golden_path("metrics.h5"));
  const auto values_of = [&](const std::string& quantity, const std::string& set) {
    if (quantity == "random") return file.read("wasserstein/" + set);
    const std::vector<std::string> chains =
        file.has("wasserstein/" + set) ? file.read_strings("wasserstein/" + set) : std::vector<std::string>{set};
    std::vector<double> all;
    for (const std::string& chain : chains) {
      const std::vector<double> values = file.read("chains/" + chain + "/outputs/" + quantity + "s");
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  };
  double worst = 0.0;
  for (const CsvRow& row : read_csv(golden_path("wasserstein.csv"))) {
    const std::vector<double> a = values_of(row.text("quantity"), row.text("set_a"));
    const std::vector<double> b = values_of(row.text("quantity"), row.text("set_b"));
    ASSERT_EQ(static_cast<double>(a.size()), row.number("n_a"));
    ASSERT_EQ(static_cast<double>(b.size()), row.number("n_b"));
    const double error = std::abs(wasserstein_distance(a, b) - row.number("wasserstein_1"));
    EXPECT_LE(error, 1e-13) << row.text("quantity") << " " << row.text("set_a") << " " << row.text("set_b");
    worst = std::max(worst, error);
  }
  std::cout << "  largest error " << worst << "\n";
}

class WassersteinOfSizes : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(WassersteinOfSizes, DistanceIsThatOfTheCheapestAssignment) {
  const auto [n_a, n_b] = GetParam();
  const std::vector<double> a = random_numbers(n_a, -3.0, 2.0, 1);
  const std::vector<double> b = random_numbers(n_b, 0.0, 5.0, 2);
  EXPECT_NEAR(wasserstein_distance(a, b), assignment_on_line(a, b), 1e-12);
}

TEST_P(WassersteinOfSizes, CircularDistanceIsThatOfTheCheapestAssignment) {
  const auto [n_a, n_b] = GetParam();
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    // From narrow distributions across the ends of the interval to values on the whole circle.
    const double half_width = 0.4 + 0.4 * static_cast<double>(seed);
    const std::vector<double> a = random_numbers(n_a, kTurn / 2 - half_width, kTurn / 2 + half_width, 2 * seed);
    const std::vector<double> b = random_numbers(n_b, -half_width, 0.5 * half_width, 2 * seed + 1);
    EXPECT_NEAR(circular_wasserstein_distance(a, b), assignment_on_circle(a, b), 1e-12) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, WassersteinOfSizes,
                         testing::Values(std::pair{1, 1}, std::pair{1, 7}, std::pair{20, 20}, std::pair{13, 17}));

TEST(Wasserstein, CircularDistanceGoesTheShortWayRound) {
  const std::vector<double> a{kTurn / 2 - 0.1};
  const std::vector<double> b{-kTurn / 2 + 0.1};
  EXPECT_NEAR(circular_wasserstein_distance(a, b), 0.2, 1e-14);
  EXPECT_NEAR(wasserstein_distance(a, b), kTurn - 0.2, 1e-14);
}

TEST(Wasserstein, CircularDistanceIsUnchangedByTurns) {
  std::vector<double> a = random_numbers(200, -2.0, 4.0, 5);
  std::vector<double> b = random_numbers(300, 0.0, 1.0, 6);
  const double before = circular_wasserstein_distance(a, b);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += 1.234 + kTurn * static_cast<double>(i % 3);
  for (double& value : b) value += 1.234 - 2.0 * kTurn;
  EXPECT_NEAR(circular_wasserstein_distance(a, b), before, 1e-12);
}

TEST(Wasserstein, EmptyAndInfiniteSamplesAreRefused) {
  const std::vector<double> one{1.0};
  const std::vector<double> infinite{1.0, std::numeric_limits<double>::infinity()};
  EXPECT_THROW(wasserstein_distance({}, one), Error);
  EXPECT_THROW(circular_wasserstein_distance(one, {}), Error);
  EXPECT_THROW(wasserstein_distance(infinite, one), Error);
}

}  // namespace
}  // namespace flashrna
