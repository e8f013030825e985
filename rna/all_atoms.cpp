#include "rna/all_atoms.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/degree.h"
#include "base/error.h"
#include "rna/backbone.h"
#include "rna/chi.h"
#include "rna/frame.h"
#include "rna/ideal_bases.h"
#include "rna/parent_nucleotide.h"

namespace flashrna {
namespace {

// C4'-C3'-C2' of ribose is 102.7 +- 1.0 degrees (Gelbin et al. 1996).
constexpr double kSmallestAngle = 92.0 * kDegree, kLargestAngle = 113.0 * kDegree;

// Axes of the torsion a-b-c-d: x along b->c, `a` in the xy-plane with y > 0.
Mat3 torsion_axes(const Vec3& a, const Vec3& b, const Vec3& c) { return frame_from_atoms(a, b, c).rotation; }

}  // namespace

void close_ribose(std::span<Vec3> atoms) {
  const Vec3 &c1 = atoms[kC1], &c3 = atoms[kC3], &c4 = atoms[kC4];
  Vec3& c2 = atoms[kC2];
  // C2' = c3 + r (cos(angle) along + sin(angle) across); |C2' - C1'|² = r² + d² - 2 r (a cos(angle) + b sin(angle)).
  const double r = (c2 - c3).norm();
  const Vec3 along = (c4 - c3).normalized();
  const Vec3 across = (c2 - c3 - along * along.dot(c2 - c3)).normalized();
  const Vec3 to_c1 = c1 - c3;
  const double a = to_c1.dot(along), b = to_c1.dot(across);
  const double wanted =
      (r * r + to_c1.squaredNorm() - kC1C2BondLength * kC1C2BondLength) / (2.0 * r * std::hypot(a, b));
  const double nearest = std::atan2(b, a);  // where C1'-C2' is shortest
  const double turn = std::acos(std::clamp(wanted, -1.0, 1.0));
  const double now = std::acos(std::clamp((c2 - c3).dot(along) / r, -1.0, 1.0));
  const double one = nearest + turn, other = nearest - turn;
  const double chosen = std::abs(one - now) < std::abs(other - now) ? one : other;
  const double angle = std::clamp(chosen, kSmallestAngle, kLargestAngle);
  c2 = c3 + r * (std::cos(angle) * along + std::sin(angle) * across);
  atoms[kO2] = place_o2(c1, c2, c3);
}

void place_base(Base base, const std::array<double, 2>& chi, std::span<Vec3> atoms) {
  if (base == Base::N) return;
  if (atoms.size() != static_cast<std::size_t>(kAtomSlots))
    fail("place_base: {} atoms are given, {} are needed", atoms.size(), kAtomSlots);
  const IdealBase& ideal = ideal_base(base);
  const Vec3 nitrogen = atoms[kGlycosidicNitrogen], ideal_nitrogen = ideal.atoms[kGlycosidicNitrogen];
  const double length = std::hypot(chi[0], chi[1]);  // below 1 where several predictions were averaged
  const double sin = length > 0 ? chi[0] / length : 0.0, cos = length > 0 ? chi[1] / length : 1.0;
  Mat3 turn;
  turn << 1, 0, 0, 0, cos, -sin, 0, sin, cos;
  const Mat3 rotation = torsion_axes(atoms[kO4], atoms[kC1], nitrogen) * turn *
                        torsion_axes(ideal.atoms[chi_slot(base)], ideal.c1, ideal_nitrogen).transpose();
  for (int slot = kGlycosidicNitrogen + 1; slot < kAtomSlots && !atom_name(base, slot).empty(); ++slot)
    atoms[slot] = nitrogen + rotation * (ideal.atoms[slot] - ideal_nitrogen);
}

Nucleotide with_all_atoms(std::span<const Vec3> backbone, Base base, const std::array<double, 2>& chi) {
  Nucleotide nucleotide;
  nucleotide.base = base;
  nucleotide.name = base_letter(base);
  std::copy(backbone.begin(), backbone.end(), nucleotide.atoms.begin());
  close_ribose(nucleotide.atoms);
  place_base(base, chi, nucleotide.atoms);
  for (int slot = 0; slot < kAtomSlots && !atom_name(base, slot).empty(); ++slot) nucleotide.atom_mask |= 1u << slot;
  return nucleotide;
}

Nucleotide rebuild_all_atoms(const Nucleotide& nucleotide) {
  Nucleotide rebuilt = rebuild_nucleotide(nucleotide);
  if (rebuilt.has(kC1) && rebuilt.has(kC2)) close_ribose(rebuilt.atoms);
  const auto chi = chi_of(nucleotide);
  if (!chi || !rebuilt.has(kC1) || !rebuilt.has(kGlycosidicNitrogen)) return rebuilt;
  place_base(nucleotide.base, *chi, rebuilt.atoms);
  if (nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name)) {  // attached by C5: turned about N3 and C6
    std::swap(rebuilt.atoms[atom_slot(Base::U, "C2")], rebuilt.atoms[atom_slot(Base::U, "C4")]);
    std::swap(rebuilt.atoms[atom_slot(Base::U, "O2")], rebuilt.atoms[atom_slot(Base::U, "O4")]);
  }
  for (int slot = kBackboneAtoms; slot < kAtomSlots && !atom_name(nucleotide.base, slot).empty(); ++slot)
    rebuilt.atom_mask |= 1u << slot;
  return rebuilt;
}

}  // namespace flashrna
