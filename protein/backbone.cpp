#include "protein/backbone.h"

#include <cmath>

#include "base/error.h"
#include "rna/frame.h"

namespace flashrna {
namespace {

Vec3 vector_of(const std::array<double, 3>& v) { return {v[0], v[1], v[2]}; }

bool within(const Vec3& a, const Vec3& b, double distance) { return (a - b).squaredNorm() <= distance * distance; }

}  // namespace

RigidTransform frame_of(const ProteinResidue& residue) {
  if (!residue.has_frame()) {
    fail("residue {} {}: no frame, because N, CA or C is missing or the three lie on one line; leave it out",
         residue.name, residue.seq_id);
  }
  return frame_from_atoms(residue.atom(kN), residue.atom(kCA), residue.atom(kC));
}

std::optional<std::array<double, 2>> psi_of(const ProteinResidue& residue) {
  if (!residue.has(kN) || !residue.has(kCA) || !residue.has(kC) || !residue.has(kO)) return std::nullopt;
  const double torsion = dihedral(residue.atom(kN), residue.atom(kCA), residue.atom(kC), residue.atom(kO));
  if (std::isnan(torsion)) return std::nullopt;
  return std::array{-std::sin(torsion), -std::cos(torsion)};
}

std::array<Vec3, kProteinAtomSlots> rebuild_protein_backbone(const RigidTransform& frame,
                                                             const std::array<double, 2>& sin_cos_psi) {
  const auto [sin, cos] = sin_cos_psi;
  const Vec3 o = vector_of(kIdealC) + Vec3(kIdealO[0], -kIdealO[1] * cos, -kIdealO[1] * sin);
  std::array<Vec3, kProteinAtomSlots> atoms;
  atoms[kN] = frame * vector_of(kIdealN);
  atoms[kCA] = frame.translation;
  atoms[kC] = frame * vector_of(kIdealC);
  atoms[kCB] = frame * vector_of(kIdealCB);
  atoms[kO] = frame * o;
  return atoms;
}

ProteinResidue rebuild_residue(const ProteinResidue& residue) {
  const auto psi = psi_of(residue);
  const auto atoms = rebuild_protein_backbone(frame_of(residue), psi.value_or(std::array{0.0, 1.0}));
  ProteinResidue rebuilt = residue;
  rebuilt.atom_mask = 0;
  rebuilt.atoms = ProteinResidue::zero_atoms();
  for (const int slot : {kN, kCA, kC}) rebuilt.set(slot, atoms[static_cast<std::size_t>(slot)]);
  if (residue.type != AminoAcid::kGly) rebuilt.set(kCB, atoms[kCB]);
  if (psi) rebuilt.set(kO, atoms[kO]);
  return rebuilt;
}

bool peptide_bonded(const ProteinResidue& previous, const ProteinResidue& next) {
  return previous.has(kC) && next.has(kN) && within(previous.atom(kC), next.atom(kN), kLongestPeptideBond);
}

bool bonded(const ProteinResidue& previous, const ProteinResidue& next) {
  if (previous.has(kC) && next.has(kN)) return peptide_bonded(previous, next);
  return previous.has(kCA) && next.has(kCA) && within(previous.atom(kCA), next.atom(kCA), kLongestCaCaDistance);
}

}  // namespace flashrna
