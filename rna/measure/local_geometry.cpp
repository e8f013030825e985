#include "rna/measure/local_geometry.h"

#include <cmath>

#include "base/error.h"
#include "rna/geometry.h"
#include "rna/measure/wasserstein.h"

namespace flashrna {
namespace {

constexpr int kN = kGlycosidicNitrogen;

constexpr LocalMeasure distance(std::string_view name, MeasuredAtom a, MeasuredAtom b) {
  return {name, MeasureKind::kDistance, {a, b}};
}
constexpr LocalMeasure bond(std::string_view name, int a, int b) { return distance(name, {a, 0}, {b, 0}); }
constexpr LocalMeasure bond_angle(std::string_view name, MeasuredAtom a, MeasuredAtom b, MeasuredAtom c) {
  return {name, MeasureKind::kAngle, {a, b, c}};
}
constexpr LocalMeasure bond_angle(std::string_view name, int a, int b, int c) {
  return bond_angle(name, {a, 0}, {b, 0}, {c, 0});
}
constexpr LocalMeasure torsion(std::string_view name, MeasuredAtom a, MeasuredAtom b, MeasuredAtom c, MeasuredAtom d) {
  return {name, MeasureKind::kTorsion, {a, b, c, d}};
}
constexpr LocalMeasure torsion(std::string_view name, int a, int b, int c, int d) {
  return torsion(name, {a, 0}, {b, 0}, {c, 0}, {d, 0});
}

constexpr std::array kMeasures = {
    distance("C4'-C4'", {kC4, 0}, {kC4, 1}),
    bond_angle("C4'-C4'-C4'", {kC4, 0}, {kC4, 1}, {kC4, 2}),
    torsion("C4'-C4'-C4'-C4'", {kC4, 0}, {kC4, 1}, {kC4, 2}, {kC4, 3}),

    bond("P-OP1", kP, kOP1),
    bond("P-OP2", kP, kOP2),
    bond("P-O5'", kP, kO5),
    bond("O5'-C5'", kO5, kC5),
    bond("C5'-C4'", kC5, kC4),
    bond("C4'-O4'", kC4, kO4),
    bond("C4'-C3'", kC4, kC3),
    bond("C3'-O3'", kC3, kO3),
    bond("C3'-C2'", kC3, kC2),
    bond("C2'-O2'", kC2, kO2),
    bond("C2'-C1'", kC2, kC1),
    bond("O4'-C1'", kO4, kC1),
    bond("C1'-N", kC1, kN),
    distance("O3'-P", {kO3, 0}, {kP, 1}),

    bond_angle("OP1-P-OP2", kOP1, kP, kOP2),
    bond_angle("OP1-P-O5'", kOP1, kP, kO5),
    bond_angle("OP2-P-O5'", kOP2, kP, kO5),
    bond_angle("P-O5'-C5'", kP, kO5, kC5),
    bond_angle("O5'-C5'-C4'", kO5, kC5, kC4),
    bond_angle("C5'-C4'-O4'", kC5, kC4, kO4),
    bond_angle("C5'-C4'-C3'", kC5, kC4, kC3),
    bond_angle("O4'-C4'-C3'", kO4, kC4, kC3),
    bond_angle("C4'-C3'-O3'", kC4, kC3, kO3),
    bond_angle("C4'-C3'-C2'", kC4, kC3, kC2),
    bond_angle("O3'-C3'-C2'", kO3, kC3, kC2),
    bond_angle("C3'-C2'-O2'", kC3, kC2, kO2),
    bond_angle("C3'-C2'-C1'", kC3, kC2, kC1),
    bond_angle("O2'-C2'-C1'", kO2, kC2, kC1),
    bond_angle("C2'-C1'-O4'", kC2, kC1, kO4),
    bond_angle("C2'-C1'-N", kC2, kC1, kN),
    bond_angle("O4'-C1'-N", kO4, kC1, kN),
    bond_angle("C4'-O4'-C1'", kC4, kO4, kC1),
    bond_angle("C3'-O3'-P", {kC3, 0}, {kO3, 0}, {kP, 1}),
    bond_angle("O3'-P-OP1", {kO3, 0}, {kP, 1}, {kOP1, 1}),
    bond_angle("O3'-P-OP2", {kO3, 0}, {kP, 1}, {kOP2, 1}),
    bond_angle("O3'-P-O5'", {kO3, 0}, {kP, 1}, {kO5, 1}),

    torsion("alpha", {kO3, -1}, {kP, 0}, {kO5, 0}, {kC5, 0}),
    torsion("beta", kP, kO5, kC5, kC4),
    torsion("gamma", kO5, kC5, kC4, kC3),
    torsion("delta", kC5, kC4, kC3, kO3),
    torsion("epsilon", {kC4, 0}, {kC3, 0}, {kO3, 0}, {kP, 1}),
    torsion("zeta", {kC3, 0}, {kO3, 0}, {kP, 1}, {kO5, 1}),
    torsion("chi", kO4, kC1, kN, kChiAtom),
    torsion("nu0", kC4, kO4, kC1, kC2),
    torsion("nu1", kO4, kC1, kC2, kC3),
    torsion("nu2", kC1, kC2, kC3, kC4),
    torsion("nu3", kC2, kC3, kC4, kO4),
    torsion("nu4", kC3, kC4, kO4, kC1),
    torsion("eta", {kC4, -1}, {kP, 0}, {kC4, 0}, {kP, 1}),
    torsion("theta", {kP, 0}, {kC4, 0}, {kP, 1}, {kC4, 1}),
};

// Slot of the last atom of chi; -1 if there is none. A pyrimidine attached by C5 is recognized by the positions of its
// atoms, because some files name pseudouridine U.
int chi_slot(const Nucleotide& nucleotide) {
  if (nucleotide.base == Base::A || nucleotide.base == Base::G) return atom_slot(nucleotide.base, "C4");
  const int c2 = atom_slot(nucleotide.base, "C2");
  const int c4 = atom_slot(nucleotide.base, "C4");
  if (c2 < 0 || !nucleotide.has(c2) || !nucleotide.has(c4)) return c2;
  const Vec3& ring_atom = nucleotide.atoms[kGlycosidicNitrogen];
  const bool hangs_on_c5 = (nucleotide.atoms[c4] - ring_atom).norm() < (nucleotide.atoms[c2] - ring_atom).norm();
  return hangs_on_c5 ? c4 : c2;
}

// Null if the atom is missing or a bond between residue `i` and the atom's residue is missing.
const Vec3* find_atom(const MeasuredAtom& atom, std::span<const Nucleotide> nucleotides, std::size_t i) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(i) + atom.residue;
  if (at < 0 || at >= std::ssize(nucleotides)) return nullptr;
  const Nucleotide& nucleotide = nucleotides[static_cast<std::size_t>(at)];
  if (nucleotide.residue_index != nucleotides[i].residue_index + atom.residue) return nullptr;
  const int slot = atom.slot == kChiAtom ? chi_slot(nucleotide) : atom.slot;
  return slot >= 0 && nucleotide.has(slot) ? &nucleotide.atoms[slot] : nullptr;
}

std::size_t position_of(std::string_view name) {
  for (std::size_t k = 0; k < kMeasures.size(); ++k) {
    if (kMeasures[k].name == name) return k;
  }
  fail("no measure of local geometry is called \"{}\"; the first is \"{}\", the last \"{}\"", name,
       kMeasures.front().name, kMeasures.back().name);
}

}  // namespace

std::span<const LocalMeasure> local_measures() { return kMeasures; }

const LocalMeasure& local_measure(std::string_view name) { return kMeasures[position_of(name)]; }

double measure(const LocalMeasure& measure, std::span<const Nucleotide> nucleotides, std::size_t i) {
  return measure_atoms(measure, [&](const MeasuredAtom& atom) { return find_atom(atom, nucleotides, i); });
}

double distribution_distance(const LocalMeasure& measure, std::span<const double> a, std::span<const double> b) {
  return measure.kind == MeasureKind::kTorsion ? circular_wasserstein_distance(a, b) : wasserstein_distance(a, b);
}

void LocalGeometry::add(std::span<const Nucleotide> nucleotides) {
  for (std::size_t k = 0; k < kMeasures.size(); ++k) {
    for (std::size_t i = 0; i < nucleotides.size(); ++i) {
      const double value = measure(kMeasures[k], nucleotides, i);
      if (!std::isnan(value)) values[k].push_back(value);
    }
  }
}

const std::vector<double>& LocalGeometry::of(std::string_view name) const { return values[position_of(name)]; }

}  // namespace flashrna
