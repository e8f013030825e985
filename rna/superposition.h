// Superposition of two sets of corresponding points (Kabsch 1976, doi:10.1107/S0567739476001873): the proper rigid
// motion with the smallest root-mean-square distance. To find a correspondence see rna/compare/structure_alignment.h.
#pragma once

#include <span>

#include "rna/geometry.h"

namespace flashrna {

struct Superposition {
  double rmsd = 0.0;      // Å, after the motion
  RigidTransform motion;  // moves `mobile` onto `target`; a proper rotation (determinant +1)
};

// Throws Error if the spans differ in length or are empty.
Superposition superpose(std::span<const Vec3> mobile, std::span<const Vec3> target);

}  // namespace flashrna
