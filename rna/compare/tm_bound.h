// An upper bound of the TM-score of two chains over all alignments and all motions, from their lengths and from how
// often each C3'-C3' distance occurs in them: much cheaper than an alignment, and never below the score. A search for
// the highest TM-score may skip a pair whose bound is not above what it has.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// How often each distance occurs among the points of a chain. Memory: one number per half Å of its diameter.
struct DistanceProfile {
  int length = 0;                    // points
  std::vector<std::int64_t> counts;  // pairs of points by distance, in bins of kDistanceBin; empty: not known
};

inline constexpr double kDistanceBin = 0.5;  // Å
// Chains beyond it have no profile, whose time is quadratic: their lengths alone bound the score.
inline constexpr int kLongestProfile = 4000;

DistanceProfile distance_profile(std::span<const Vec3> points);

// No order-preserving alignment and no motion of the two chains has a TM-score above it (rna/compare/tm_score.h), with
// the divisor and the scale d0 of `normalizing_length`. Symmetric in the chains; in (0, 1] for a normalizing length not
// below the shorter chain's.
double tm_upper_bound(const DistanceProfile& a, const DistanceProfile& b, int normalizing_length);

}  // namespace flashrna
