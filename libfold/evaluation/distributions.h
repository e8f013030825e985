// Compares two sets of values of one measure: means, Wasserstein distances, histograms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/measure/local_geometry.h"

namespace flashrna {

// Mean and standard deviation. For torsions: the direction of the mean vector, and √(-2 ln R) with R its length (Mardia
// 1972).
struct Spread1d {
  std::size_t count = 0;
  double mean = 0.0;       // NaN without values
  double deviation = 0.0;  // NaN without values; not finite if the mean vector of torsions is zero
};

Spread1d spread_of(std::span<const double> values, MeasureKind kind);

// Bins of equal width from `first` on. Values outside are counted separately.
struct HistogramBins {
  double first = 0.0;
  double width = 1.0;  // > 0
  int count = 0;
};

struct Histogram {
  std::vector<std::int64_t> counts;  // by bin
  std::int64_t below = 0, above = 0;
};

// For torsions 72 bins over the whole circle. Otherwise 80 bins from the reference's percentile 0.1 to 99.9, extended
// by half of that range on both sides. Bins depend on the reference only, so that all sets compared with it share them.
HistogramBins histogram_bins(std::span<const double> reference, MeasureKind kind);

Histogram histogram_of(std::span<const double> values, const HistogramBins& bins);

struct DistributionComparison {
  Spread1d samples, reference;
  // First-order distance in Å or radians; NaN if a set has no values. Angles in (-π, π] are treated as numbers on a
  // line.
  double wasserstein = 0.0;
  double circular_wasserstein = 0.0;  // for torsions; otherwise NaN
  HistogramBins bins;
  Histogram sample_histogram, reference_histogram;
};

DistributionComparison compare_distributions(std::span<const double> samples, std::span<const double> reference,
                                             MeasureKind kind);

// Counts of pairs of torsions (radians) on a square grid over (-π, π]²: the row is the bin of the second torsion, the
// column that of the first.
inline constexpr int kTorsionGrid = 72;
std::vector<std::int32_t> torsion_grid(std::span<const std::array<float, 2>> pairs);

}  // namespace flashrna
