// The search for the rigid motion with the highest TM-score over fixed pairs, used by tm_score and structure_alignment.
#pragma once

#include <span>
#include <vector>

#include "rna/compare/superposition_sums.h"
#include "rna/geometry.h"

namespace flashrna {

// Corresponding points, one array per coordinate, each set centered at the origin.
class PairedPoints {
 public:
  // Needs equal lengths and at least one pair.
  PairedPoints(std::span<const Vec3> mobile, std::span<const Vec3> target);

  std::size_t size() const { return x_.size(); }
  Vec3 mobile(std::size_t i) const { return {x_[i], y_[i], z_[i]}; }
  Vec3 target(std::size_t i) const { return {u_[i], v_[i], w_[i]}; }

  // Writes the squared distance (Å²) of every pair after a motion of the centered points.
  void squared_distances(const RigidTransform& motion, std::vector<double>& squares) const;

  // Converts a motion of the centered points to one of the given points, and back.
  RigidTransform uncentered(const RigidTransform& motion) const;
  RigidTransform centered(const RigidTransform& motion) const;

 private:
  Vec3 mobile_center_, target_center_;
  std::vector<double> x_, y_, z_, u_, v_, w_;
};

// A motion of the centered points, and its sum over pairs of 1 / (1 + d²/d0²).
struct ScoredMotion {
  double sum = 0.0;
  RigidTransform motion;
};

// Climbs from a motion to the next maximum of the sum in at most `max_steps` steps: superpositions with the weights 1 /
// (1 + d²/d0²)². The sum is convex in d², so no step decreases it. Stops when a step gains less than `least_gain` per
// pair.
ScoredMotion climb(const PairedPoints& pairs, const RigidTransform& start, double d0, int max_steps, double least_gain);

// The best motion found from superpositions of stretches of lengths n, n/2, n/4, ... 4, starting every `stride` pairs
// (Zhang & Skolnick 2004, doi:10.1002/prot.20264). Each is superposed repeatedly on the pairs it brings near until they
// stay the same; then the best `n_climbed` climb.
ScoredMotion search_motion(const PairedPoints& pairs, double d0, std::size_t stride, std::size_t n_climbed);

}  // namespace flashrna
