#include "rna/torsion.h"

#include <cmath>

#include "rna/frame.h"
#include "rna/ideal_bases.h"
#include "rna/parent_nucleotide.h"

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

bool are_defined(const Nucleotide& nucleotide, const std::array<int, 4>& slots) {
  for (int slot : slots)
    if (!nucleotide.has(slot)) return false;
  const auto& [a, b, c, d] = slots;
  const auto& atoms = nucleotide.atoms;
  return spans_frame(atoms[a], atoms[b], atoms[c]) && spans_frame(atoms[d], atoms[c], atoms[b]);
}

std::array<double, 2> sin_cos_of(const Nucleotide& nucleotide, const std::array<int, 4>& slots) {
  const auto& atoms = nucleotide.atoms;
  return dihedral_sin_cos(atoms[slots[0]], atoms[slots[1]], atoms[slots[2]], atoms[slots[3]]);
}

// The fourth atom of chi.
int last_slot_of_chi(const Nucleotide& nucleotide) {
  const bool by_c5 = nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name);
  return by_c5 ? atom_slot(Base::U, "C4") : chi_slot(nucleotide.base);
}

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
    if (are_defined(nucleotide, kTorsionAtoms[k])) {
      torsions.sin_cos[k] = sin_cos_of(nucleotide, kTorsionAtoms[k]);
      torsions.mask |= static_cast<std::uint8_t>(1u << k);
    } else {
      torsions.sin_cos[k] = {0.0, 1.0};
    }
  }
  return torsions;
}

std::optional<std::array<double, 2>> chi_of(const Nucleotide& nucleotide) {
  if (nucleotide.base == Base::N) return std::nullopt;
  const std::array<int, 4> slots = {kO4, kC1, kGlycosidicNitrogen, last_slot_of_chi(nucleotide)};
  if (!are_defined(nucleotide, slots)) return std::nullopt;
  return sin_cos_of(nucleotide, slots);
}

}  // namespace flashrna
