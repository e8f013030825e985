// Superposition from running sums, for searches that superpose very many subsets of the same points. Weighted pairs are
// added one by one; sums of stretches are added and subtracted. The simple version, with RMSD, is rna/superposition.h.
#pragma once

#include "rna/geometry.h"

namespace flashrna {

struct SuperpositionSums {
  double weight = 0.0;
  Vec3 mobile = Vec3::Zero();  // sum of w x
  Vec3 target = Vec3::Zero();  // sum of w y
  Mat3 cross = Mat3::Zero();   // sum of w x yᵀ
  double squares = 0.0;        // sum of w (|x|² + |y|²)

  void add(const Vec3& x, const Vec3& y, double w = 1.0) {
    const Vec3 weighted = w * x;
    weight += w;
    mobile += weighted;
    target += w * y;
    cross += weighted * y.transpose();
    squares += weighted.dot(x) + w * y.squaredNorm();
  }
  SuperpositionSums& operator+=(const SuperpositionSums& other);
  SuperpositionSums& operator-=(const SuperpositionSums& other);

  // The proper rigid motion of x onto y with the smallest weighted sum of squares, from the largest eigenvalue of a
  // quaternion's quadratic form (Horn 1987, doi:10.1364/JOSAA.4.000629; Theobald 2005, doi:10.1107/S0108767305015266).
  // Stores that sum (Å²) in `least_squares` if given. The total weight must be positive. Points far from the origin
  // lose digits.
  RigidTransform motion(double* least_squares = nullptr) const;
};

}  // namespace flashrna
