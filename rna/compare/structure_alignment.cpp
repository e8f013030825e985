// The search. Seeds (rna/compare/alignment_seeds.h) are aligned by dynamic programming with a soft scale. The best then
// alternate, with scale d0 and two gap penalties, between an alignment for the motion and the best motion for the
// alignment, until convergence. The full search of rna/compare/tm_score.h on the best alignment gives the final motion.
#include "rna/compare/structure_alignment.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "rna/cell_list.h"
#include "rna/compare/alignment_seeds.h"
#include "rna/compare/tm_search.h"

namespace flashrna {
namespace {

constexpr double kGapPenalty = -0.6;  // as in TM-align
constexpr double kSofter = 1.5;       // Å added to d0
constexpr std::size_t kSeeds = 20;
constexpr std::size_t kConverged = 6;

void check(std::span<const Vec3> chain, const char* which) {
  if (chain.empty()) fail("structural alignment: the {} chain has no C3' atom; at least one is needed", which);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (!chain[i].allFinite() || chain[i].cwiseAbs().maxCoeff() > kFurthestCoordinate) {
      fail("structural alignment: C3' {} of the {} chain is at {} {} {} Å; coordinates up to {} Å are allowed", i,
           which, chain[i].x(), chain[i].y(), chain[i].z(), kFurthestCoordinate);
    }
  }
}

// The points in the frame with the centroid as origin and the long axis along z, which suits single precision and the
// grid of alignment_seeds.
std::vector<Vec3> along_axes(std::span<const Vec3> points) {
  const Vec3 center = centroid(points);
  Mat3 covariance = Mat3::Zero();
  for (const Vec3& point : points) covariance += (point - center) * (point - center).transpose();
  Mat3 axes = Eigen::SelfAdjointEigenSolver<Mat3>(covariance).eigenvectors();
  if (axes.determinant() < 0.0) axes.col(0) = -axes.col(0);
  std::vector<Vec3> result;
  result.reserve(points.size());
  for (const Vec3& point : points) result.push_back(axes.transpose() * (point - center));
  return result;
}

struct Alignment {
  double sum = 0.0;  // sum of 1 / (1 + d²/d0²) at `motion`
  RigidTransform motion;
  ResiduePairs pairs;
};

// Alternates between alignments and motions.
class AlignmentRounds {
 public:
  AlignmentRounds(std::span<const Vec3> mobile, std::span<const Vec3> target, double d0)
      : mobile_(mobile),
        target_(target),
        target_arrays_(target),
        d0_(d0),
        furthest_(1.5 * std::pow(static_cast<double>(std::min(mobile.size(), target.size())), 0.3) + 3.5) {}

  // Two rounds with the soft scale; the result is scored with d0.
  Alignment start(const RigidTransform& seed) {
    Alignment alignment = round(seed, d0_ + kSofter, kGapPenalty);
    alignment = round(alignment.motion, d0_ + kSofter, kGapPenalty);
    if (!alignment.pairs.empty()) score(paired(alignment.pairs), alignment, d0_);
    return alignment;
  }

  // Rounds with d0 until the score stops increasing.
  Alignment converge(Alignment alignment, double gap) {
    constexpr int kMaxRounds = 20;
    for (int k = 0; k < kMaxRounds; ++k) {
      Alignment next = round(alignment.motion, d0_, gap);
      const bool gains = next.sum > alignment.sum * (1.0 + 1e-6);
      if (next.sum > alignment.sum) alignment = std::move(next);
      if (!gains) break;
    }
    return alignment;
  }

 private:
  PairedPoints paired(const ResiduePairs& pairs) const {
    std::vector<Vec3> a, b;
    for (const auto& [i, j] : pairs) {
      a.push_back(mobile_[static_cast<std::size_t>(i)]);
      b.push_back(target_[static_cast<std::size_t>(j)]);
    }
    return PairedPoints(a, b);
  }

  static void score(const PairedPoints& points, Alignment& alignment, double d0) {
    const ScoredMotion climbed = climb(points, points.centered(alignment.motion), d0, 10, 1e-5);
    alignment.sum = climbed.sum;
    alignment.motion = points.uncentered(climbed.motion);
  }

  Alignment round(const RigidTransform& motion, double d0, double gap) {
    moved_.clear();
    for (const Vec3& point : mobile_) moved_.push_back(motion * point);
    Alignment alignment;
    alignment.motion = motion;
    alignment.pairs = pairing_.pair(PointArrays(moved_), target_arrays_, d0, furthest_, gap);
    if (alignment.pairs.empty()) return alignment;
    score(paired(alignment.pairs), alignment, d0);
    return alignment;
  }

  std::span<const Vec3> mobile_, target_;
  PointArrays target_arrays_;
  double d0_;
  double furthest_;  // Å; residues further apart are not paired, as in TM-align
  OrderedPairing pairing_;
  std::vector<Vec3> moved_;
};

// The best alignment that the seeds lead to, for one scale.
ResiduePairs best_pairs(std::span<const Vec3> mobile, std::span<const Vec3> target, double d0,
                        const std::vector<RigidTransform>& seeds) {
  AlignmentRounds rounds(mobile, target, d0);
  std::vector<Alignment> started;
  for (const RigidTransform& seed : seeds) started.push_back(rounds.start(seed));
  std::sort(started.begin(), started.end(), [](const Alignment& a, const Alignment& b) { return a.sum > b.sum; });
  Alignment best;
  for (std::size_t k = 0; k < std::min(kConverged, started.size()); ++k) {
    for (const double gap : {kGapPenalty, 0.0}) {
      Alignment converged = rounds.converge(started[k], gap);
      if (converged.sum > best.sum) best = std::move(converged);
    }
  }
  return best.pairs;
}

// Both chains along their axes, and the seeds.
class PreparedChains {
 public:
  PreparedChains(std::span<const Vec3> mobile, std::span<const Vec3> target, TmScale scale)
      : mobile_(mobile), target_(target), scale_(scale) {
    check(mobile, "mobile");
    check(target, "target");
    mobile_along_axes_ = along_axes(mobile);
    target_along_axes_ = along_axes(target);
    const std::size_t shorter = std::min(mobile.size(), target.size());
    seeds_ = alignment_seeds(mobile_along_axes_, target_along_axes_,
                             tm_score_scale(static_cast<int>(shorter), scale) + kSofter, kSeeds);
  }

  StructureAlignment align(int normalizing_length) const {
    StructureAlignment alignment;
    alignment.pairs =
        best_pairs(mobile_along_axes_, target_along_axes_, tm_score_scale(normalizing_length, scale_), seeds_);
    std::vector<Vec3> a, b;
    for (const auto& [i, j] : alignment.pairs) {
      a.push_back(mobile_[static_cast<std::size_t>(i)]);
      b.push_back(target_[static_cast<std::size_t>(j)]);
    }
    alignment.score = tm_score(a, b, normalizing_length, scale_);
    return alignment;
  }

 private:
  std::span<const Vec3> mobile_, target_;
  TmScale scale_;
  std::vector<Vec3> mobile_along_axes_, target_along_axes_;
  std::vector<RigidTransform> seeds_;
};

}  // namespace

StructureAlignments align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target, TmScale scale) {
  const PreparedChains chains(mobile, target, scale);
  StructureAlignments alignments;
  alignments.by_mobile = chains.align(static_cast<int>(mobile.size()));
  alignments.by_target =
      mobile.size() == target.size() ? alignments.by_mobile : chains.align(static_cast<int>(target.size()));
  return alignments;
}

StructureAlignment align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length,
                                    TmScale scale) {
  if (normalizing_length < 1) fail("alignment normalized by the length {}: it must be positive", normalizing_length);
  return PreparedChains(mobile, target, scale).align(normalizing_length);
}

}  // namespace flashrna
