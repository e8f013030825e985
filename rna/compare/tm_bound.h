// An upper bound of the TM-score of two chains over all alignments and motions, computed from their lengths and the
// histograms of their C3'-C3' distances. It is much cheaper than an alignment. A search for the highest TM-score may
// skip a pair whose bound does not exceed the best score so far.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

// Histogram of the distances between the points of a chain. Memory: one number per half Å of the chain's diameter.
struct DistanceProfile {
  int length = 0;                    // number of points
  std::vector<std::int64_t> counts;  // pairs of points by distance, in bins of kDistanceBin; empty = not computed
};

inline constexpr double kDistanceBin = 0.5;  // Å
// Longer chains have no profile, because its computation takes quadratic time. Their lengths alone give the bound.
inline constexpr int kLongestProfile = 4000;

DistanceProfile distance_profile(std::span<const Vec3> points);

// No order-preserving alignment and no motion of the two chains has a higher TM-score (rna/compare/tm_score.h) with the
// divisor and scale d0 of `normalizing_length`. Symmetric in the chains. In (0, 1] if the normalizing length is not
// below the shorter chain's length.
double tm_upper_bound(const DistanceProfile& a, const DistanceProfile& b, int normalizing_length,
                      TmScale scale = TmScale::kRna);

}  // namespace flashrna
