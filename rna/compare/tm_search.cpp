#include "rna/compare/tm_search.h"

#include <algorithm>
#include <cmath>

namespace flashrna {
namespace {

double sum_of(const std::vector<double>& squares, double d0) {
  const double inverse = 1.0 / (d0 * d0);
  double sum = 0.0;
  for (const double square : squares) sum += 1.0 / (1.0 + square * inverse);
  return sum;
}

// Selects the pairs within `cutoff`, which is increased until there are three pairs (or all, if fewer).
void select_near(const std::vector<double>& squares, double cutoff, std::vector<std::size_t>& near) {
  const std::size_t needed = std::min<std::size_t>(3, squares.size());
  for (;; cutoff += 0.5) {
    near.clear();
    for (std::size_t i = 0; i < squares.size(); ++i) {
      if (squares[i] < cutoff * cutoff) near.push_back(i);
    }
    if (near.size() >= needed || !(cutoff < 1e6)) return;
  }
}

// Superposes repeatedly on the pairs that the motion brings near, until they stay the same. Returns the best motion
// met.
class NearbyPairs {
 public:
  NearbyPairs(const PairedPoints& pairs, double d0) : pairs_(pairs), d0_(d0), reach_(std::clamp(d0, 4.5, 8.0)) {}

  ScoredMotion settle(RigidTransform motion) {
    constexpr int kMaxRounds = 20;
    ScoredMotion best;
    last_.clear();
    for (int round = 0; round < kMaxRounds; ++round) {
      pairs_.squared_distances(motion, squares_);
      const double sum = sum_of(squares_, d0_);
      if (sum > best.sum) best = {sum, motion};
      // The first motion is rough, so it selects fewer pairs; later rounds select more.
      select_near(squares_, round == 0 ? reach_ - 1.0 : reach_ + 1.0, near_);
      if (near_ == last_ || near_.empty()) break;
      SuperpositionSums sums;
      for (const std::size_t i : near_) sums.add(pairs_.mobile(i), pairs_.target(i));
      motion = sums.motion();
      std::swap(near_, last_);
    }
    return best;
  }

 private:
  const PairedPoints& pairs_;
  double d0_, reach_;
  std::vector<double> squares_;
  std::vector<std::size_t> near_, last_;
};

// The best motions found, no two with the same sum.
class BestMotions {
 public:
  explicit BestMotions(std::size_t capacity) : capacity_(capacity) {}

  void add(const ScoredMotion& candidate) {
    const auto place = std::find_if(motions_.begin(), motions_.end(),
                                    [&](const ScoredMotion& known) { return known.sum <= candidate.sum; });
    const bool known = (place != motions_.end() && place->sum > candidate.sum - kSame) ||
                       (place != motions_.begin() && std::prev(place)->sum < candidate.sum + kSame);
    if (known) return;
    motions_.insert(place, candidate);
    if (motions_.size() > capacity_) motions_.pop_back();
  }
  const std::vector<ScoredMotion>& motions() const { return motions_; }

 private:
  static constexpr double kSame = 1e-7;

  std::size_t capacity_;
  std::vector<ScoredMotion> motions_;  // by decreasing sum
};

}  // namespace

PairedPoints::PairedPoints(std::span<const Vec3> mobile, std::span<const Vec3> target)
    : mobile_center_(centroid(mobile)), target_center_(centroid(target)) {
  for (std::vector<double>* coordinate : {&x_, &y_, &z_, &u_, &v_, &w_}) coordinate->reserve(mobile.size());
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    const Vec3 p = mobile[i] - mobile_center_, q = target[i] - target_center_;
    x_.push_back(p.x());
    y_.push_back(p.y());
    z_.push_back(p.z());
    u_.push_back(q.x());
    v_.push_back(q.y());
    w_.push_back(q.z());
  }
}

void PairedPoints::squared_distances(const RigidTransform& motion, std::vector<double>& squares) const {
  const Mat3& r = motion.rotation;
  const Vec3& t = motion.translation;
  const std::size_t n = size();
  squares.resize(n);
  const double *x = x_.data(), *y = y_.data(), *z = z_.data(), *u = u_.data(), *v = v_.data(), *w = w_.data();
  double* out = squares.data();
  for (std::size_t i = 0; i < n; ++i) {
    const double dx = r(0, 0) * x[i] + r(0, 1) * y[i] + r(0, 2) * z[i] + t.x() - u[i];
    const double dy = r(1, 0) * x[i] + r(1, 1) * y[i] + r(1, 2) * z[i] + t.y() - v[i];
    const double dz = r(2, 0) * x[i] + r(2, 1) * y[i] + r(2, 2) * z[i] + t.z() - w[i];
    out[i] = dx * dx + dy * dy + dz * dz;
  }
}

RigidTransform PairedPoints::uncentered(const RigidTransform& motion) const {
  return {motion.rotation, motion.translation + target_center_ - motion.rotation * mobile_center_};
}

RigidTransform PairedPoints::centered(const RigidTransform& motion) const {
  return {motion.rotation, motion.translation - target_center_ + motion.rotation * mobile_center_};
}

ScoredMotion climb(const PairedPoints& pairs, const RigidTransform& start, double d0, int max_steps,
                   double least_gain) {
  const double inverse = 1.0 / (d0 * d0);
  std::vector<double> squares;
  pairs.squared_distances(start, squares);
  ScoredMotion best{sum_of(squares, d0), start};
  for (int step = 0; step < max_steps; ++step) {
    SuperpositionSums sums;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const double term = 1.0 / (1.0 + squares[i] * inverse);
      sums.add(pairs.mobile(i), pairs.target(i), term * term);
    }
    const RigidTransform motion = sums.motion();
    pairs.squared_distances(motion, squares);
    const double sum = sum_of(squares, d0);
    const double gain = sum - best.sum;
    if (gain > 0.0) best = {sum, motion};
    if (gain <= least_gain * static_cast<double>(pairs.size())) break;
  }
  return best;
}

ScoredMotion search_motion(const PairedPoints& pairs, double d0, std::size_t stride, std::size_t n_climbed) {
  const std::size_t n = pairs.size();
  std::vector<SuperpositionSums> before(n + 1);  // of all pairs before i
  for (std::size_t i = 0; i < n; ++i) {
    before[i + 1] = before[i];
    before[i + 1].add(pairs.mobile(i), pairs.target(i));
  }
  NearbyPairs nearby(pairs, d0);
  BestMotions best(n_climbed);
  const std::size_t shortest = std::min<std::size_t>(4, n);
  for (std::size_t length = n;; length = std::max(shortest, length / 2)) {
    for (std::size_t begin = 0; begin + length <= n; begin += stride) {
      SuperpositionSums stretch = before[begin + length];
      stretch -= before[begin];
      best.add(nearby.settle(stretch.motion()));
    }
    if (length == shortest) break;
  }
  ScoredMotion highest;
  for (const ScoredMotion& candidate : best.motions()) {
    const ScoredMotion top = climb(pairs, candidate.motion, d0, 300, 1e-10);
    if (top.sum > highest.sum) highest = top;
  }
  return highest;
}

}  // namespace flashrna
