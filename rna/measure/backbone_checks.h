// Basic checks of a generated backbone: distances and bonds between neighbors, bond lengths, and clashes. The
// definitions are those of rna/measure/local_geometry.h and rna/measure/clashes.h.
#pragma once

#include <span>
#include <string_view>

#include "rna/nucleotide.h"
#include "rna/residue_index.h"

namespace flashrna {

// Whether a distance C4'-C4' of neighbors is from 5 to 7 Å, and whether O3'-P is a bond (below 2.5 Å): `c4_neighbors`
// and `bonded` of samples.csv, metrics.csv and the training log.
inline constexpr double kShortestC4Step = 5.0, kLongestC4Step = 7.0;  // Å
constexpr bool is_c4_neighbor(double c4_c4) { return c4_c4 >= kShortestC4Step && c4_c4 <= kLongestC4Step; }
constexpr bool is_bond_length(double o3_p) { return o3_p < kLongestO3P; }

struct BackboneChecks {
  double c4_distance = 0.0;     // median C4'-C4' of neighbors, Å; this and the next three are NaN without neighbors
  double c4_neighbors = 0.0;    // fraction of those distances from 5.0 to 7.0 Å
  double o3_p_distance = 0.0;   // median O3'-P of neighbors, Å
  double bonded = 0.0;          // fraction of those distances below 2.5 Å
  double bond_deviation = 0.0;  // root mean square of (bond - native_bond_length) within residues, Å; NaN without bonds
  double clashes = 0.0;         // per 100 atoms
  double radius_of_gyration = 0.0;  // of the C4' atoms, Å
};

// Neighbors are consecutive nucleotides whose residue_index increases by 1. Throws Error for a coordinate beyond 1e6 Å.
BackboneChecks check_backbone(std::span<const Nucleotide> nucleotides);

// Median length (Å) over experimental structures of a bond within a residue, named as in local_measures() ("C2'-C1'").
// Throws Error for any other name.
double native_bond_length(std::string_view name);

}  // namespace flashrna
