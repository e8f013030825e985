#include "libfold/evaluation/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "rna/measure/wasserstein.h"

namespace flashrna {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = std::numbers::pi;
constexpr int kTorsionBins = 72;
constexpr int kLinearBins = 80;

Spread1d circular_spread(std::span<const double> values) {
  double sines = 0.0, cosines = 0.0;
  for (const double value : values) {
    sines += std::sin(value);
    cosines += std::cos(value);
  }
  const double length = std::hypot(sines, cosines) / static_cast<double>(values.size());
  return {values.size(), std::atan2(sines, cosines), std::sqrt(std::max(0.0, -2.0 * std::log(length)))};
}

// The quantile `share` by rank. Reorders the values.
double quantile(std::vector<double>& values, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

}  // namespace

Spread1d spread_of(std::span<const double> values, MeasureKind kind) {
  if (values.empty()) return {0, kNaN, kNaN};
  if (kind == MeasureKind::kTorsion) return circular_spread(values);
  const double n = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {values.size(), mean, std::sqrt(squares / n)};
}

HistogramBins histogram_bins(std::span<const double> reference, MeasureKind kind) {
  if (kind == MeasureKind::kTorsion) return {-kPi, 2.0 * kPi / kTorsionBins, kTorsionBins};
  if (reference.empty()) return {};
  std::vector<double> values(reference.begin(), reference.end());
  const double low = quantile(values, 0.001), high = quantile(values, 0.999);
  const double margin = std::max(0.5 * (high - low), 1e-3);
  return {low - margin, (high - low + 2.0 * margin) / kLinearBins, kLinearBins};
}

Histogram histogram_of(std::span<const double> values, const HistogramBins& bins) {
  Histogram histogram;
  histogram.counts.resize(static_cast<std::size_t>(bins.count));
  for (const double value : values) {
    const double place = (value - bins.first) / bins.width;
    if (place < 0.0) {
      ++histogram.below;
    } else if (place > bins.count) {
      ++histogram.above;
    } else if (bins.count > 0) {
      ++histogram.counts[static_cast<std::size_t>(std::min(static_cast<int>(place), bins.count - 1))];
    }
  }
  return histogram;
}

DistributionComparison compare_distributions(std::span<const double> samples, std::span<const double> reference,
                                             MeasureKind kind) {
  DistributionComparison comparison;
  comparison.samples = spread_of(samples, kind);
  comparison.reference = spread_of(reference, kind);
  const bool both = !samples.empty() && !reference.empty();
  comparison.wasserstein = both ? wasserstein_distance(samples, reference) : kNaN;
  comparison.circular_wasserstein =
      both && kind == MeasureKind::kTorsion ? circular_wasserstein_distance(samples, reference) : kNaN;
  comparison.bins = histogram_bins(reference.empty() ? samples : reference, kind);
  comparison.sample_histogram = histogram_of(samples, comparison.bins);
  comparison.reference_histogram = histogram_of(reference, comparison.bins);
  return comparison;
}

std::vector<std::int32_t> torsion_grid(std::span<const std::array<float, 2>> pairs) {
  std::vector<std::int32_t> counts(static_cast<std::size_t>(kTorsionGrid) * kTorsionGrid);
  const auto bin = [](float angle) {
    const double place = (static_cast<double>(angle) + kPi) / (2.0 * kPi) * kTorsionGrid;
    return static_cast<std::size_t>(std::clamp(static_cast<int>(place), 0, kTorsionGrid - 1));
  };
  for (const auto& [first, second] : pairs) ++counts[bin(second) * kTorsionGrid + bin(first)];
  return counts;
}

}  // namespace flashrna
