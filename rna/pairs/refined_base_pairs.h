// Base pairs where whole bases are there: hydrogen bonds between the two Watson-Crick edges decide where the two atoms
// of rna/pairs/base_pairs.h leave a choice. For experimental structures; generated backbones have no bases. What is
// found depends on letters and base atoms, so it is kept apart from find_base_pairs by name, here and wherever it is
// stored.
#pragma once

#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// Hydrogen bonds of the canonical pair of two bases: G-C has three, A-U and G-U two.
struct EdgeBonds {
  int possible = 0;  // 0 where the bases form no canonical pair, or an atom of one of these bonds is missing
  int formed = 0;    // donor and acceptor at most kLongestHydrogenBond apart
};

inline constexpr double kLongestHydrogenBond = 3.5;  // Å

// In either order.
EdgeBonds watson_crick_bonds(const Nucleotide& one, const Nucleotide& other);

// The partner of each nucleotide, [L], -1 without; a molecule is what has one chain_in_structure. The candidates:
//   two or three hydrogen bonds, and C1' and N in the wide limits of the source;
//   one hydrogen bond, or bases that are not both whole, and C1' and N in the limits of find_base_pairs.
// More hydrogen bonds come first, then the better score; one partner each. So whole bases without a hydrogen bond of a
// canonical pair do not pair, wherever C1' and N are: G-A, U-U and the like among them.
// Throws Error for a coordinate beyond 1e6 Å. Time and memory as of find_base_pair_candidates.
std::vector<int> refine_base_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
