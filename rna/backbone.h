// Rebuilds the 13 backbone atoms of a nucleotide from its frame and eight torsions: the inverse of frame.h and
// torsion.h. Ideal geometry supplies the rest. The ring closure C1'-C2' is not constrained.
// libfold/backbone/backbone_atoms.h is the differentiable version on tensors; both use the constants declared here.
#pragma once

#include <array>

#include "rna/geometry.h"
#include "rna/nucleotide.h"
#include "rna/torsion.h"

namespace flashrna {

// Rigid group 0 is the frame itself; torsion k moves group k + 1.
inline constexpr int kRigidGroups = 1 + kTorsions;

// Ideal geometry. Pose of group g = pose of parent[g] * to_parent[g] * rotation about x by torsion g - 1. Position of
// an atom = its group's pose applied to `position`. O2' (slot kO2) belongs to no group: see place_o2.
struct BackboneGeometry {
  std::array<int, kRigidGroups> parent;                // parent[0] = -1; parents precede their children
  std::array<RigidTransform, kRigidGroups> to_parent;  // to_parent[0] = identity
  std::array<int, kBackboneAtoms> group;               // by atom slot; -1 for O2'
  std::array<Vec3, kBackboneAtoms> position;           // Å, in the group's frame; C4' is exactly zero
};

// Geometry of RNA: orthonormal up to rounding, C4' at the origin.
const BackboneGeometry& ideal_backbone_geometry();

// Distance C2'-O2' (Å), and the angle (radians) of this bond to the plane C1'-C2'-C3', measured from the exterior
// bisector of the angle at C2'. With the ideal ring this gives C1'-C2'-O2' = C3'-C2'-O2' = 109.5°, the mean of the two
// in C3'-endo ribose (Gelbin et al. 1996, doi:10.1021/ja9528846).
inline constexpr double kO2BondLength = 1.41;
inline constexpr double kO2Elevation = 1.0158;  // 58.2°

// O2' placed from C1', C2', C3': 1.41 Å from C2', natural chirality.
Vec3 place_o2(const Vec3& c1, const Vec3& c2, const Vec3& c3);

// All 13 atoms (Å) by slot.
std::array<Vec3, kBackboneAtoms> rebuild_backbone(const RigidTransform& frame,
                                                  const std::array<std::array<double, 2>, kTorsions>& sin_cos,
                                                  const BackboneGeometry& geometry = ideal_backbone_geometry());

// `nucleotide` with its backbone atoms rebuilt from its own frame and torsions and no other atoms. Atoms that an
// undefined torsion would place are absent. Throws Error if it has no frame.
Nucleotide rebuild_nucleotide(const Nucleotide& nucleotide);

}  // namespace flashrna
