// Local geometry of backbones: bond lengths, bond angles, torsions and the C4' trace, per residue and as distributions
// over chains. Measures include bonded nucleotides only: none spans a gap in residue_index, and a measure with a
// missing atom is undefined. Backbone torsions are those of IUPAC-IUB 1983 (doi:10.1111/j.1432-1033.1983.tb07225.x).
// The pseudo-torsions eta = C4'(i-1)-P-C4'-P(i+1) and theta = P-C4'-P(i+1)-C4'(i+1) are those of Duarte & Pyle 1998
// (doi:10.1006/jmbi.1998.2233).
#pragma once

#include <array>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

enum class MeasureKind { kDistance, kAngle, kTorsion };  // Å; radians in [0, π]; radians in (-π, π]

// Denotes the last atom of chi: C4 in purines, C2 in pyrimidines, C4 in bases attached by C5 (pseudouridine).
inline constexpr int kChiAtom = -1;

struct MeasuredAtom {
  int slot;     // AtomSlot or kChiAtom
  int residue;  // relative to the measured residue
};

struct LocalMeasure {
  std::string_view name;  // "C4'-C4'", "O3'-P", "C3'-O3'-P", "alpha", "eta", ...
  MeasureKind kind;
  std::array<MeasuredAtom, 4> atoms;  // the first two for a distance, three for an angle, four for a torsion
};

// Order: the C4' trace, bond lengths, bond angles, backbone torsions, chi, ring torsions nu0 to nu4, eta, theta.
std::span<const LocalMeasure> local_measures();

// Throws Error for an unknown name.
const LocalMeasure& local_measure(std::string_view name);

// Value of the measure at residue `i` of a chain. NaN if an atom or a bond between the atoms is missing.
double measure(const LocalMeasure& measure, std::span<const Nucleotide> nucleotides, std::size_t i);

// The same of any polymer: find(atom) is the position of an atom, nullptr if it or a bond to it is missing.
template <typename Find>
double measure_atoms(const LocalMeasure& measure, const Find& find) {
  const std::size_t n = measure.kind == MeasureKind::kDistance ? 2 : measure.kind == MeasureKind::kAngle ? 3 : 4;
  std::array<const Vec3*, 4> atoms{};
  for (std::size_t k = 0; k < n; ++k) {
    atoms[k] = find(measure.atoms[k]);
    if (atoms[k] == nullptr) return std::numeric_limits<double>::quiet_NaN();
  }
  switch (measure.kind) {
    case MeasureKind::kDistance:
      return (*atoms[0] - *atoms[1]).norm();
    case MeasureKind::kAngle:
      return angle(*atoms[0], *atoms[1], *atoms[2]);
    default:
      return dihedral(*atoms[0], *atoms[1], *atoms[2], *atoms[3]);
  }
}

// Wasserstein distance of order 1 between two distributions of a measure, circular for torsions (Å or radians).
double distribution_distance(const LocalMeasure& measure, std::span<const double> a, std::span<const double> b);

// All defined values of every measure, over any number of chains.
struct LocalGeometry {
  std::vector<std::vector<double>> values{local_measures().size()};  // in the order of local_measures()

  void add(std::span<const Nucleotide> nucleotides);
  const std::vector<double>& of(std::string_view name) const;  // throws Error for an unknown name
};

}  // namespace flashrna
