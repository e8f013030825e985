#include "rna/torsion.h"

#include <cmath>

#include "rna/frame.h"

namespace flashrna {
namespace {

constexpr std::array<std::array<int, 4>, kTorsions> kTorsionAtoms = {{
    {kC5, kC4, kC3, kC2},                  // bb2_1
    {kC3, kC4, kO4, kC1},                  // bb2_2
    {kC4, kO4, kC1, kGlycosidicNitrogen},  // bb2_3
    {kC5, kC4, kC3, kO3},                  // delta
    {kC3, kC4, kC5, kO5},                  // gamma
    {kC4, kC5, kO5, kP},                   // beta
    {kC5, kO5, kP, kOP1},                  // alpha1
    {kC5, kO5, kP, kOP2},                  // alpha2
}};

}  // namespace

std::array<double, 2> dihedral_sin_cos(const Vec3& a, const Vec3& b, const Vec3& c, const Vec3& d) {
  // In the frame with x along b->c and `a` in the xy-plane with y > 0, `d` is at (cos, sin) in the yz-plane.
  const RigidTransform frame = frame_from_atoms(a, b, c);
  const Vec3 to_d = d - c;
  const double cos = frame.rotation.col(1).dot(to_d);
  const double sin = frame.rotation.col(2).dot(to_d);
  const double norm = std::sqrt(sin * sin + cos * cos + 1e-8);
  return {sin / norm, cos / norm};
}

Torsions torsions_of(const Nucleotide& nucleotide) {
  Torsions torsions;
  for (int k = 0; k < kTorsions; ++k) {
    const auto& [a, b, c, d] = kTorsionAtoms[k];
    const auto& atoms = nucleotide.atoms;
    const bool are_there = nucleotide.has(a) && nucleotide.has(b) && nucleotide.has(c) && nucleotide.has(d);
    if (are_there && spans_frame(atoms[a], atoms[b], atoms[c]) && spans_frame(atoms[d], atoms[c], atoms[b])) {
      torsions.sin_cos[k] = dihedral_sin_cos(atoms[a], atoms[b], atoms[c], atoms[d]);
      torsions.mask |= static_cast<std::uint8_t>(1u << k);
    } else {
      torsions.sin_cos[k] = {0.0, 1.0};
    }
  }
  return torsions;
}

}  // namespace flashrna
