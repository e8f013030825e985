// Local geometry of backbones: bond lengths, bond angles, torsions and the C4' trace, residue by residue, and as
// distributions over chains. Only bonded nucleotides are measured together: nothing crosses a jump of residue_index,
// and nothing is measured where an atom is missing. Backbone torsions are those of IUPAC-IUB 1983
// (doi:10.1111/j.1432-1033.1983.tb07225.x); the pseudo-torsions eta = C4'(i-1)-P-C4'-P(i+1) and
// theta = P-C4'-P(i+1)-C4'(i+1) those of Duarte & Pyle 1998 (doi:10.1006/jmbi.1998.2233).
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

enum class MeasureKind { kDistance, kAngle, kTorsion };  // Å; radians in [0, π]; radians in (-π, π]

// Stands for the base atom that ends chi: C4 of purines, C2 of pyrimidines, C4 of those that hang on C5
// (pseudouridine).
inline constexpr int kChiAtom = -1;

struct MeasuredAtom {
  int slot;     // AtomSlot or kChiAtom
  int residue;  // relative to the residue that is measured
};

struct LocalMeasure {
  std::string_view name;  // "C4'-C4'", "O3'-P", "C3'-O3'-P", "alpha", "eta", ...
  MeasureKind kind;
  std::array<MeasuredAtom, 4> atoms;  // the first two of a distance, three of an angle, four of a torsion
};

// In this order: the C4' trace, bond lengths, bond angles, backbone torsions, chi, ring torsions nu0 to nu4, eta,
// theta.
std::span<const LocalMeasure> local_measures();

// Throws Error for a name that none has.
const LocalMeasure& local_measure(std::string_view name);

// Value of the measure at residue `i` of a chain; NaN where an atom or a bond on the way is missing.
double measure(const LocalMeasure& measure, std::span<const Nucleotide> nucleotides, std::size_t i);

// Distance between two distributions of a measure: Wasserstein of order 1, on the circle for torsions (Å or radians).
double distribution_distance(const LocalMeasure& measure, std::span<const double> a, std::span<const double> b);

// All defined values of every measure over any number of chains.
struct LocalGeometry {
  std::vector<std::vector<double>> values{local_measures().size()};  // in the order of local_measures()

  void add(std::span<const Nucleotide> nucleotides);
  const std::vector<double>& of(std::string_view name) const;  // throws Error for a name that no measure has
};

}  // namespace flashrna
