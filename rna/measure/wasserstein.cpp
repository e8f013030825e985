#include "rna/measure/wasserstein.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.h"

namespace flashrna {
namespace {

// An interval over which the difference of the two distribution functions is constant.
struct Step {
  double width;
  double difference;  // F_a - F_b
};

void check(std::span<const double> sample) {
  if (sample.empty()) fail("the Wasserstein distance to an empty sample is not defined; at least one value is needed");
  for (const double value : sample) {
    if (!std::isfinite(value)) fail("the Wasserstein distance takes finite values, not {}", value);
  }
}

// Steps between the smallest and the largest of all values. Both samples must be sorted.
std::vector<Step> steps_between(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<Step> steps;
  steps.reserve(a.size() + b.size());
  std::size_t below_a = 0, below_b = 0;
  double position = std::min(a.front(), b.front());
  while (below_a < a.size() || below_b < b.size()) {
    const bool from_a = below_b == b.size() || (below_a < a.size() && a[below_a] <= b[below_b]);
    const double next = from_a ? a[below_a] : b[below_b];
    const double difference = static_cast<double>(below_a) / static_cast<double>(a.size()) -
                              static_cast<double>(below_b) / static_cast<double>(b.size());
    if (next > position) steps.push_back({next - position, difference});
    position = next;
    ++(from_a ? below_a : below_b);
  }
  return steps;
}

double area(const std::vector<Step>& steps, double offset) {
  double sum = 0.0;
  for (const Step& step : steps) sum += step.width * std::abs(step.difference - offset);
  return sum;
}

std::vector<double> sorted(std::span<const double> sample) {
  std::vector<double> values(sample.begin(), sample.end());
  std::sort(values.begin(), values.end());
  return values;
}

// Angles mapped to [0, 2π), sorted.
std::vector<double> sorted_angles(std::span<const double> sample) {
  constexpr double kTurn = 2.0 * std::numbers::pi;
  std::vector<double> angles(sample.begin(), sample.end());
  for (double& angle : angles) {
    angle -= kTurn * std::floor(angle / kTurn);
    if (angle >= kTurn) angle = 0.0;  // a tiny negative angle rounds up to the full turn
  }
  std::sort(angles.begin(), angles.end());
  return angles;
}

// The weighted median of the differences: steps below it have half of the total width.
double median_difference(std::vector<Step>& steps) {
  std::sort(steps.begin(), steps.end(), [](const Step& x, const Step& y) { return x.difference < y.difference; });
  double total = 0.0;
  for (const Step& step : steps) total += step.width;
  double passed = 0.0;
  for (const Step& step : steps) {
    passed += step.width;
    if (2.0 * passed >= total) return step.difference;
  }
  return 0.0;
}

}  // namespace

double wasserstein_distance(std::span<const double> a, std::span<const double> b) {
  check(a);
  check(b);
  return area(steps_between(sorted(a), sorted(b)), 0.0);
}

double circular_wasserstein_distance(std::span<const double> a, std::span<const double> b) {
  check(a);
  check(b);
  const std::vector<double> angles_a = sorted_angles(a);
  const std::vector<double> angles_b = sorted_angles(b);
  std::vector<Step> steps = steps_between(angles_a, angles_b);
  // The remainder of the circle, from the last value to the first: both functions are 1, equivalent to 0.
  const double spanned = std::max(angles_a.back(), angles_b.back()) - std::min(angles_a.front(), angles_b.front());
  steps.push_back({2.0 * std::numbers::pi - spanned, 0.0});
  const double offset = median_difference(steps);
  return area(steps, offset);
}

}  // namespace flashrna
