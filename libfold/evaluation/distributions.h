// Two sets of values of one measure side by side: their means, their Wasserstein distances and their histograms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/measure/local_geometry.h"

namespace flashrna {

// Mean and standard deviation; of torsions the direction of the mean vector and √(-2 ln R), R its length (Mardia 1972).
struct Spread1d {
  std::size_t count = 0;
  double mean = 0.0;       // NaN where there is no value
  double deviation = 0.0;  // NaN where there is no value; not finite where torsions have no direction
};

Spread1d spread_of(std::span<const double> values, MeasureKind kind);

// Bins of equal width from `first` on; what lies outside is counted apart.
struct HistogramBins {
  double first = 0.0;
  double width = 1.0;  // > 0
  int count = 0;
};

struct Histogram {
  std::vector<std::int64_t> counts;  // by bin
  std::int64_t below = 0, above = 0;
};

// 72 bins of the whole circle for torsions; else 80 bins from the 0.1th percentile of the reference to its 99.9th, half
// of that wider on either side. Bins hang on the reference alone, so that any two sets measured against it share them.
HistogramBins histogram_bins(std::span<const double> reference, MeasureKind kind);

Histogram histogram_of(std::span<const double> values, const HistogramBins& bins);

struct DistributionComparison {
  Spread1d samples, reference;
  // Of order 1, in Å or radians; NaN where a set has no value. On the line angles are taken as they are, in (-π, π].
  double wasserstein = 0.0;
  double circular_wasserstein = 0.0;  // of torsions; NaN of others
  HistogramBins bins;
  Histogram sample_histogram, reference_histogram;
};

DistributionComparison compare_distributions(std::span<const double> samples, std::span<const double> reference,
                                             MeasureKind kind);

// Counts of pairs of torsions (radians) on a square grid over (-π, π]²: row by the second, column by the first.
inline constexpr int kTorsionGrid = 72;
std::vector<std::int32_t> torsion_grid(std::span<const std::array<float, 2>> pairs);

}  // namespace flashrna
