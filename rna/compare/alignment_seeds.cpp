#include "rna/compare/alignment_seeds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "rna/compare/nearest_residue_grid.h"
#include "rna/compare/ordered_pairs.h"
#include "rna/compare/rising_chain.h"
#include "rna/compare/superposition_sums.h"

namespace flashrna {
namespace {

struct Seed {
  float score = 0.0f;
  RigidTransform motion;
};

bool higher(const Seed& a, const Seed& b) { return a.score > b.score; }

// Finds target residues near to those of the moved mobile chain.
class Neighbors {
 public:
  Neighbors(std::span<const Vec3> mobile, std::span<const Vec3> target, double scale)
      : mobile_(mobile),
        target_(target),
        inverse_square_(static_cast<float>(1.0 / (scale * scale))),
        grid_(target, std::clamp(3.0 * scale, 5.0, 9.0)) {}

  // Calls use(i, j, score) for every `stride`-th mobile residue i that has a near target residue j.
  template <typename Use>
  void for_each(const RigidTransform& motion, std::size_t stride, Use use) const {
    const Eigen::Matrix3f r = motion.rotation.cast<float>();
    const Eigen::Vector3f t = motion.translation.cast<float>();
    for (std::size_t i = 0; i < mobile_.size(); i += stride) {
      const float a = mobile_.x[i], b = mobile_.y[i], c = mobile_.z[i];
      const float x = r(0, 0) * a + r(0, 1) * b + r(0, 2) * c + t.x();
      const float y = r(1, 0) * a + r(1, 1) * b + r(1, 2) * c + t.y();
      const float z = r(2, 0) * a + r(2, 1) * b + r(2, 2) * c + t.z();
      const int j = grid_.nearest(x, y, z);
      if (j < 0) continue;
      const std::size_t k = static_cast<std::size_t>(j);
      const float dx = target_.x[k] - x, dy = target_.y[k] - y, dz = target_.z[k] - z;
      use(static_cast<int>(i), j, 1.0f / (1.0f + (dx * dx + dy * dy + dz * dz) * inverse_square_));
    }
  }

 private:
  PointArrays mobile_, target_;
  float inverse_square_;
  NearestResidueGrid grid_;
};

class SeedSearch {
 public:
  SeedSearch(std::span<const Vec3> mobile, std::span<const Vec3> target, double scale)
      : mobile_(mobile), target_(target), scale_(scale), neighbors_(mobile, target, scale), rising_(target.size()) {
    step_ = 1 + static_cast<int>(mobile.size() * target.size() / kStretches);
    residue_stride_ = 1 + mobile.size() / kSampledResidues;
    gyration_ = radius_of_gyration(mobile);
  }

  std::vector<RigidTransform> run(std::size_t n_seeds) {
    const int shorter = static_cast<int>(std::min(mobile_.size(), target_.size()));
    n_kept_ = kImprovedPerSeed * n_seeds;
    // Stretches with a large RMSD seldom lead to good alignments; most are dropped before scoring.
    for (const auto& [length, largest_rmsd] : {std::pair(8, 3.5), std::pair(32, 8.0)}) {
      if (length < shorter) superpose_stretches(length, largest_rmsd);
    }
    superpose_stretches(shorter, std::numeric_limits<double>::infinity());
    drop_all_but(n_kept_);
    std::sort(raw_.begin(), raw_.end(), higher);
    std::vector<Seed> seeds;
    for (const Seed& seed : raw_) insert(improved(seed.motion), n_seeds, seeds);
    std::vector<RigidTransform> motions;
    for (const Seed& seed : seeds) motions.push_back(seed.motion);
    return motions;
  }

 private:
  static constexpr std::size_t kStretches = 2000;  // approximate number per length; more for very long chains
  static constexpr std::size_t kSampledResidues = 50;
  static constexpr std::size_t kImprovedPerSeed = 5;

  void superpose_stretches(int length, double largest_rmsd) {
    const int n1 = static_cast<int>(mobile_.size()), n2 = static_cast<int>(target_.size());
    const int step = std::min(step_, length);
    for (int offset = length - n1; offset <= n2 - length; ++offset) {
      const int first = std::max(0, -offset), last = std::min(n1, n2 - offset) - length;
      SuperpositionSums sums;
      int begin = first, end = first;  // range of the stretch in `sums`, in the mobile chain
      Seed best{-1.0f, {}};
      int block_end = first + length / 2;
      for (int next = first; next <= last; next += step) {
        for (; end < next + length; ++end) sums.add(mobile_at(end), target_at(end + offset));
        SuperpositionSums passed;
        for (; begin < next; ++begin) passed.add(mobile_at(begin), target_at(begin + offset));
        sums -= passed;
        double squares = 0.0;
        const RigidTransform motion = sums.motion(&squares);
        if (squares <= largest_rmsd * largest_rmsd * length) {
          const float score = continued_neighbors(motion);
          if (score > best.score) best = {score, motion};
        }
        if (next >= block_end || next + step > last) {
          if (best.score >= 0.0f) keep(best);
          best.score = -1.0f;
          block_end = next + length / 2;
        }
      }
    }
  }

  // Keeps a few times as many seeds as needed, so that memory does not grow with the number of stretches.
  void keep(const Seed& seed) {
    raw_.push_back(seed);
    if (raw_.size() >= 4 * n_kept_) drop_all_but(n_kept_);
  }
  void drop_all_but(std::size_t count) {
    if (raw_.size() <= count) return;
    std::nth_element(raw_.begin(), raw_.begin() + static_cast<std::ptrdiff_t>(count), raw_.end(), higher);
    raw_.resize(count);
  }

  // Total score of the residues whose near target residue follows that of the previous one by one to three positions
  // (more if residues are sampled).
  float continued_neighbors(const RigidTransform& motion) const {
    const int furthest = static_cast<int>(residue_stride_) + 2;
    float sum = 0.0f;
    int previous = -1000;
    neighbors_.for_each(motion, residue_stride_, [&](int, int j, float score) {
      const int further = j - previous;
      sum += further > 0 && further <= furthest ? score : 0.0f;
      previous = j;
    });
    return sum;
  }

  float ordered_neighbors(const RigidTransform& motion) {
    near_.clear();
    weights_.clear();
    neighbors_.for_each(motion, 1, [&](int i, int j, float score) {
      near_.emplace_back(i, j);
      weights_.push_back(score);
    });
    return rising_.find(near_, weights_);
  }

  Seed improved(const RigidTransform& motion) {
    constexpr int kRounds = 4;
    Seed best{ordered_neighbors(motion), motion};
    for (int round = 0; round < kRounds && !rising_.chain().empty(); ++round) {
      SuperpositionSums sums;
      for (const int place : rising_.chain()) {
        const std::size_t k = static_cast<std::size_t>(place);
        sums.add(mobile_at(near_[k].first), target_at(near_[k].second), weights_[k] * weights_[k]);
      }
      const RigidTransform next = sums.motion();
      const float score = ordered_neighbors(next);
      if (score <= best.score) break;
      best = {score, next};
    }
    return best;
  }

  // Of two motions that differ by less than `scale` for most of the mobile chain, keeps the one with the higher score.
  void insert(const Seed& seed, std::size_t n_seeds, std::vector<Seed>& seeds) const {
    const auto same = std::find_if(seeds.begin(), seeds.end(), [&](const Seed& known) {
      const double turned = gyration_ * (known.motion.rotation - seed.motion.rotation).norm() / std::sqrt(3.0);
      return (known.motion.translation - seed.motion.translation).norm() + turned < scale_;
    });
    if (same != seeds.end()) {
      if (same->score >= seed.score) return;
      seeds.erase(same);
    }
    seeds.insert(std::upper_bound(seeds.begin(), seeds.end(), seed, higher), seed);
    if (seeds.size() > n_seeds) seeds.pop_back();
  }

  const Vec3& mobile_at(int i) const { return mobile_[static_cast<std::size_t>(i)]; }
  const Vec3& target_at(int j) const { return target_[static_cast<std::size_t>(j)]; }

  std::span<const Vec3> mobile_, target_;
  double scale_, gyration_ = 0.0;
  int step_ = 1;
  std::size_t residue_stride_ = 1;
  Neighbors neighbors_;
  RisingChain rising_;
  std::size_t n_kept_ = 0;
  std::vector<Seed> raw_;  // before improvement
  std::vector<std::pair<int, int>> near_;
  std::vector<float> weights_;
};

}  // namespace

std::vector<RigidTransform> alignment_seeds(std::span<const Vec3> mobile, std::span<const Vec3> target, double scale,
                                            std::size_t n_seeds) {
  return SeedSearch(mobile, target, scale).run(n_seeds);
}

}  // namespace flashrna
