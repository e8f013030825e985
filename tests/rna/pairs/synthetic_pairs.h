// C1' and glycosidic nitrogens of pairs and helices, made from ideal geometry.
#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

inline constexpr double kDegree = std::numbers::pi / 180.0;

// The two atoms of each nucleotide; NaN until placed.
struct PairAtoms {
  std::vector<Vec3> c1, n;

  explicit PairAtoms(int length) {
    const Vec3 missing = Vec3::Constant(std::numeric_limits<double>::quiet_NaN());
    c1.assign(static_cast<std::size_t>(length), missing);
    n = c1;
  }
};

// Geometry of one pair; C1'-N is 1.47 Å.
struct PairShape {
  double c1_distance = 10.5;  // Å
  double lambda_i = 55.0 * kDegree, lambda_j = 55.0 * kDegree;
  double torsion = 0.0;  // N-C1'-C1'-N
};

// Places the pair (i, j) with its C1'-C1' axis centered on x, 4.5 Å from the axis of a helix along z, then moves it.
inline void place_pair(PairAtoms& atoms, int i, int j, const RigidTransform& motion = {}, const PairShape& shape = {}) {
  constexpr double kBond = 1.47, kFromAxis = -4.5;  // Å
  const Vec3 c1_i(-0.5 * shape.c1_distance, kFromAxis, 0.0), c1_j(0.5 * shape.c1_distance, kFromAxis, 0.0);
  const Vec3 n_i = c1_i + kBond * Vec3(std::cos(shape.lambda_i), std::sin(shape.lambda_i), 0.0);
  // Viewed along x, the torsion rotates y toward z.
  const double y = std::sin(shape.lambda_j) * std::cos(shape.torsion);
  const double z = std::sin(shape.lambda_j) * std::sin(shape.torsion);
  const Vec3 n_j = c1_j + kBond * Vec3(-std::cos(shape.lambda_j), y, z);
  atoms.c1[i] = motion * c1_i;
  atoms.n[i] = motion * n_i;
  atoms.c1[j] = motion * c1_j;
  atoms.n[j] = motion * n_j;
}

// Places an A-form helix with 2.81 Å and 32.7° per step: first pairs with last, first + 1 with last - 1, ...
inline void place_helix(PairAtoms& atoms, int first, int last, int n_pairs, const Vec3& origin = Vec3::Zero()) {
  for (int k = 0; k < n_pairs; ++k) {
    RigidTransform motion;
    motion.rotation = Eigen::AngleAxisd(32.7 * kDegree * k, Vec3::UnitZ()).toRotationMatrix();
    motion.translation = origin + Vec3(0.0, 0.0, 2.81 * k);
    place_pair(atoms, first + k, last - k, motion);
  }
}

}  // namespace flashrna
