// Finds base pairs of nucleotides with complete bases. Hydrogen bonds between the Watson-Crick edges decide where the
// two atoms of rna/pairs/base_pairs.h are ambiguous. For experimental structures and all-atom samples.
// The result depends on letters and base atoms. It therefore has another name than that of find_base_pairs, here and
// wherever it is stored.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// A hydrogen bond of a canonical pair, between an atom of each base.
struct HydrogenBond {
  std::string_view atom, other_atom;
  double length;  // Å; median of 38 X-ray and EM structures and of 16S and 23S ribosomal RNA
};

// Of the pairs G-C, A-U and G-U, in this order of the bases; empty for all others.
std::span<const HydrogenBond> hydrogen_bonds(Base one, Base other);

// Hydrogen bonds of the canonical pair of two bases: three for G-C, two for A-U and G-U.
struct EdgeBonds {
  int possible = 0;  // 0 if the bases form no canonical pair or an atom of one of these bonds is missing
  int formed = 0;    // bonds with donor and acceptor at most kLongestHydrogenBond apart
};

inline constexpr double kLongestHydrogenBond = 3.5;  // Å

// Symmetric in its arguments.
EdgeBonds watson_crick_bonds(const Nucleotide& one, const Nucleotide& other);

// The partner of each nucleotide, [L], -1 if unpaired. Nucleotides with equal chain_in_structure form a molecule.
// Candidates have either
//   two or three hydrogen bonds, and C1' and N within the wide limits of the source file; or
//   one hydrogen bond or an incomplete base, and C1' and N within the limits of find_base_pairs.
// Candidates with more hydrogen bonds are accepted first, then those with the better score; one partner each. Complete
// bases without a hydrogen bond of a canonical pair, such as G-A or U-U, are therefore never paired, whatever the
// positions of C1' and N.
// Throws Error for a coordinate beyond 1e6 Å. Time and memory as for find_base_pair_candidates.
std::vector<int> refine_base_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
