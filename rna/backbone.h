// Rebuilds the 13 backbone atoms of a nucleotide from its frame and eight torsions: the inverse of frame.h and
// torsion.h, with ideal geometry for what they do not fix. The ring closure C1'-C2' is not constrained.
// The differentiable version on tensors is libfold/backbone/backbone_atoms.h; both use the constants declared here.
#pragma once

#include <array>

#include "rna/geometry.h"
#include "rna/nucleotide.h"
#include "rna/torsion.h"

namespace flashrna {

// Rigid groups: the frame itself (0), then one per torsion k in group k + 1.
inline constexpr int kRigidGroups = 1 + kTorsions;

// Ideal geometry. Group g's pose = pose of parent[g] * to_parent[g] * rotation about x by torsion g - 1;
// an atom is its group's pose applied to `position`. O2' (slot kO2) is not of any group: see place_o2.
struct BackboneGeometry {
  std::array<int, kRigidGroups> parent;                // parent[0] = -1; parents come before their children
  std::array<RigidTransform, kRigidGroups> to_parent;  // to_parent[0] = identity
  std::array<int, kBackboneAtoms> group;               // by atom slot; -1 for O2'
  std::array<Vec3, kBackboneAtoms> position;           // Å, in the group's frame; C4' is exactly zero
};

// Ours: RNA, orthonormal to rounding, C4' at the origin.
const BackboneGeometry& ideal_backbone_geometry();

// O2' lies off C2' at this distance (Å) and this angle (radians) out of the plane C1'-C2'-C3', seen from the line
// that halves the angle at C2' from outside; with the ideal ring this gives C1'-C2'-O2' = C3'-C2'-O2' = 109.5°, the
// mean of the two in C3'-endo ribose (Gelbin et al. 1996, doi:10.1021/ja9528846).
inline constexpr double kO2BondLength = 1.41;
inline constexpr double kO2Elevation = 1.0158;  // 58.2°

// O2' by ideal geometry from C1', C2', C3': 1.41 Å from C2', natural chirality.
Vec3 place_o2(const Vec3& c1, const Vec3& c2, const Vec3& c3);

// All 13 atoms (Å), by slot.
std::array<Vec3, kBackboneAtoms> rebuild_backbone(const RigidTransform& frame,
                                                  const std::array<std::array<double, 2>, kTorsions>& sin_cos,
                                                  const BackboneGeometry& geometry = ideal_backbone_geometry());

// `nucleotide` with nothing but what its own frame and torsions make of it: the backbone atoms, without those that an
// undefined torsion would place. Throws Error if it has no frame.
Nucleotide rebuild_nucleotide(const Nucleotide& nucleotide);

}  // namespace flashrna
