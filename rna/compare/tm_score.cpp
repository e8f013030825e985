#include "rna/compare/tm_score.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "rna/compare/tm_search.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

void check(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length) {
  if (mobile.size() != target.size() || mobile.empty()) {
    fail("TM-score of {} points onto {}: the two sets must have the same number of points, at least one", mobile.size(),
         target.size());
  }
  if (normalizing_length < 1) fail("TM-score normalized by the length {}: it must be positive", normalizing_length);
}

}  // namespace

double tm_score_scale(int normalizing_length, TmScale scale) {
  if (scale == TmScale::kProtein) return std::max(0.5, 1.24 * std::cbrt(normalizing_length - 15.0) - 1.8);
  if (normalizing_length >= 30) return 0.6 * std::sqrt(normalizing_length - 0.5) - 2.5;
  if (normalizing_length >= 24) return 0.7;
  if (normalizing_length >= 20) return 0.6;
  if (normalizing_length >= 16) return 0.5;
  if (normalizing_length >= 12) return 0.4;
  return 0.3;
}

double tm_score_at(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length,
                   const RigidTransform& motion, TmScale scale) {
  check(mobile, target, normalizing_length);
  const double d0 = tm_score_scale(normalizing_length, scale);
  double sum = 0.0;
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    sum += 1.0 / (1.0 + (motion * mobile[i] - target[i]).squaredNorm() / (d0 * d0));
  }
  return sum / normalizing_length;
}

TmScore tm_score(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length, TmScale scale) {
  check(mobile, target, normalizing_length);
  // Uses every start up to 1,000 pairs, and a decreasing share beyond: time n² log n up to there, n log n beyond.
  const std::size_t stride = 1 + mobile.size() / 1000;
  constexpr std::size_t kClimbed = 100;
  const PairedPoints pairs(mobile, target);
  const ScoredMotion best = search_motion(pairs, tm_score_scale(normalizing_length, scale), stride, kClimbed);
  TmScore score;
  score.motion = pairs.uncentered(best.motion);
  score.value = tm_score_at(mobile, target, normalizing_length, score.motion, scale);
  score.rmsd = superpose(mobile, target).rmsd;
  return score;
}

}  // namespace flashrna
