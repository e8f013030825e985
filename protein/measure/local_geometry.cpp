#include "protein/measure/local_geometry.h"

#include <cmath>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr std::array kMeasures = std::to_array<LocalMeasure>({
    {"CA-CA", MeasureKind::kDistance, {{{kCA, 0}, {kCA, 1}}}},
    {"CA-CA-CA", MeasureKind::kAngle, {{{kCA, -1}, {kCA, 0}, {kCA, 1}}}},
    {"CA-CA-CA-CA", MeasureKind::kTorsion, {{{kCA, -1}, {kCA, 0}, {kCA, 1}, {kCA, 2}}}},

    {"N-CA", MeasureKind::kDistance, {{{kN, 0}, {kCA, 0}}}},
    {"CA-C", MeasureKind::kDistance, {{{kCA, 0}, {kC, 0}}}},
    {"C-O", MeasureKind::kDistance, {{{kC, 0}, {kO, 0}}}},
    {"CA-CB", MeasureKind::kDistance, {{{kCA, 0}, {kCB, 0}}}},
    {"C-N", MeasureKind::kDistance, {{{kC, 0}, {kN, 1}}}},

    {"N-CA-C", MeasureKind::kAngle, {{{kN, 0}, {kCA, 0}, {kC, 0}}}},
    {"N-CA-CB", MeasureKind::kAngle, {{{kN, 0}, {kCA, 0}, {kCB, 0}}}},
    {"C-CA-CB", MeasureKind::kAngle, {{{kC, 0}, {kCA, 0}, {kCB, 0}}}},
    {"CA-C-O", MeasureKind::kAngle, {{{kCA, 0}, {kC, 0}, {kO, 0}}}},
    {"CA-C-N", MeasureKind::kAngle, {{{kCA, 0}, {kC, 0}, {kN, 1}}}},
    {"O-C-N", MeasureKind::kAngle, {{{kO, 0}, {kC, 0}, {kN, 1}}}},
    {"C-N-CA", MeasureKind::kAngle, {{{kC, 0}, {kN, 1}, {kCA, 1}}}},

    {"phi", MeasureKind::kTorsion, {{{kC, -1}, {kN, 0}, {kCA, 0}, {kC, 0}}}},
    {"psi", MeasureKind::kTorsion, {{{kN, 0}, {kCA, 0}, {kC, 0}, {kN, 1}}}},
    {"omega", MeasureKind::kTorsion, {{{kCA, 0}, {kC, 0}, {kN, 1}, {kCA, 1}}}},
});

// Null if the atom is missing, or the bonds between residue `i` and the atom's residue are.
const Vec3* find_atom(const MeasuredAtom& atom, std::span<const ProteinResidue> residues, std::size_t i) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(i) + atom.residue;
  if (at < 0 || at >= std::ssize(residues)) return nullptr;
  const ProteinResidue& residue = residues[static_cast<std::size_t>(at)];
  if (residue.residue_index != residues[i].residue_index + atom.residue || !residue.has(atom.slot)) return nullptr;
  return &residue.atom(atom.slot);
}

}  // namespace

std::span<const LocalMeasure> protein_measures() { return kMeasures; }

std::size_t protein_measure(std::string_view name) {
  for (std::size_t k = 0; k < kMeasures.size(); ++k) {
    if (kMeasures[k].name == name) return k;
  }
  fail("no measure of proteins is called \"{}\"", name);
}

double measure(const LocalMeasure& measure, std::span<const ProteinResidue> residues, std::size_t i) {
  return measure_atoms(measure, [&](const MeasuredAtom& atom) { return find_atom(atom, residues, i); });
}

std::vector<std::array<float, 2>> phi_psi_pairs(std::span<const ProteinResidue> residues) {
  const LocalMeasure &phi = kMeasures[protein_measure("phi")], &psi = kMeasures[protein_measure("psi")];
  std::vector<std::array<float, 2>> pairs;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    const double phi_here = measure(phi, residues, i), psi_here = measure(psi, residues, i);
    if (std::isnan(phi_here) || std::isnan(psi_here)) continue;
    pairs.push_back({static_cast<float>(phi_here), static_cast<float>(psi_here)});
  }
  return pairs;
}

}  // namespace flashrna
