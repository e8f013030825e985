// Proof of the bound. Let an alignment pair n residues, x_k with y_k. Let a motion leave them d_k apart, w_k = 1 / (1 +
// d_k²/d0²) and S = Σ w_k, so that TM = S / normalizing length.
//
// 1. w_k <= 1 and n <= the shorter length, so S <= the shorter length.
// 2. A motion preserves distances, so by the triangle inequality Δ_kl = ||x_k - x_l| - |y_k - y_l|| <= d_k + d_l. For
//    all d_k + d_l >= Δ, with s = Δ/d0 and p = d_k d_l / d0² <= s²/4 where the sum is s,
//      1 / (w_k w_l) = (1 + d_k²/d0²) (1 + d_l²/d0²) = s² + (1 - p)²,
//    smallest for p = min(1, s²/4). Hence w_k w_l <= g(s), g(s) = 1 / (1 + s²/4)² for s <= 2 and 1 / s² beyond; g is
//    decreasing.
// 3. S² = Σ w_k² + 2 Σ_{k<l} w_k w_l <= S + 2 M, M = Σ_{k<l} g(Δ_kl/d0), hence S <= (1 + √(1 + 8 M)) / 2.
// 4. The n(n-1)/2 terms of M pair distances of one chain with distances of the other, each used once. With bins of
//    width h, distances whose bins are m apart differ by more than (m - 1) h. At most match(m) terms have bins at most
//    m apart, where match(m) is the largest number of disjoint such pairs of all distances. Summing the terms by m,
//    each with its largest possible value, bounds M.
#include "rna/compare/tm_bound.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rna/compare/tm_score.h"

namespace flashrna {
namespace {

using Counts = std::vector<std::int64_t>;

std::int64_t total(const Counts& counts) {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return sum;
}

// The largest number of disjoint pairs of one distance of each chain with bins at most `apart` apart. Greedy from the
// smallest distances up; on a line this is a largest matching, by an exchange argument.
std::int64_t largest_matching(const Counts& a, const Counts& b, int apart) {
  std::int64_t matched = 0;
  std::size_t i = 0, j = 0;
  std::int64_t left_a = a.empty() ? 0 : a[0], left_b = b.empty() ? 0 : b[0];
  while (i < a.size() && j < b.size()) {
    const auto difference = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(j);
    if (left_a > 0 && left_b > 0 && std::abs(difference) <= apart) {
      const std::int64_t pairs = std::min(left_a, left_b);
      matched += pairs;
      left_a -= pairs;
      left_b -= pairs;
    }
    // Advances the chain whose bin is used up; if the bins are too far apart, the one with the smaller distance.
    if (left_a == 0 || (left_b > 0 && difference < 0)) {
      left_a = ++i < a.size() ? a[i] : 0;
    } else {
      left_b = ++j < b.size() ? b[j] : 0;
    }
  }
  return matched;
}

double largest_product(double s) {
  return s <= 2.0 ? 1.0 / ((1.0 + s * s / 4.0) * (1.0 + s * s / 4.0)) : 1.0 / (s * s);
}

// An upper bound of the proof's M.
double product_sum_bound(const Counts& a, const Counts& b, double d0) {
  constexpr std::array kSteps = {2, 3, 4, 6, 9, 14, 20, 30, 50, 90};  // bins apart
  const double all = static_cast<double>(std::min(total(a), total(b)));
  double sum = 0.0, cap = 1.0;
  for (const int apart : kSteps) {
    // Terms with bins nearer than `apart` are at most `cap`; the others are at most the next value.
    const double next = largest_product((apart - 1) * kDistanceBin / d0);
    const double near = static_cast<double>(largest_matching(a, b, apart - 1));
    sum += (cap - next) * near;
    cap = next;
    if (near == all) break;
  }
  return sum + cap * all;
}

}  // namespace

DistanceProfile distance_profile(std::span<const Vec3> points) {
  DistanceProfile profile;
  profile.length = static_cast<int>(points.size());
  if (profile.length > kLongestProfile) return profile;
  profile.counts.resize(1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto bin = static_cast<std::size_t>((points[i] - points[j]).norm() / kDistanceBin);
      if (bin >= profile.counts.size()) profile.counts.resize(bin + 1);
      ++profile.counts[bin];
    }
  }
  return profile;
}

double tm_upper_bound(const DistanceProfile& a, const DistanceProfile& b, int normalizing_length, TmScale scale) {
  double sum = std::min(a.length, b.length);
  if (!a.counts.empty() && !b.counts.empty()) {
    const double products = product_sum_bound(a.counts, b.counts, tm_score_scale(normalizing_length, scale));
    sum = std::min(sum, 0.5 * (1.0 + std::sqrt(1.0 + 8.0 * products)));
  }
  return sum / normalizing_length;
}

}  // namespace flashrna
