// Which nucleotides form a base pair, from C1' and the glycosidic nitrogen (N9 or N1) alone: the two atoms of a base
// that every backbone has, generated ones too. The limits enclose the canonical pairs (cis Watson-Crick: A-U, G-C, and
// the wobble G-U) of X-ray structures, whatever the letters are; other classes of pairs are not looked for, and the
// bases themselves are not seen.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Two nucleotides of one molecule that pair are at least this many positions apart: a hairpin needs three in between.
inline constexpr int kShortestPairSpan = 4;

struct BasePairCandidate {
  int i, j;      // positions, i < j
  double score;  // how far from the mean canonical pair, in squared standard deviations; 0 is best
};

struct BasePairCandidates {
  std::vector<BasePairCandidate> pairs;  // best first; equal scores by i, then j
  long comparisons = 0;                  // pairs of nitrogens within reach that were looked at, each from both sides
};

// Every pair (i, j) that keeps the limits; a nucleotide may be in several.
//   8.2 <= N-N <= 9.8 Å, 9.6 <= C1'-C1' <= 11.4 Å,
//   42° <= λ <= 72°, both angles between C1'->N and C1'->C1' of the partner,
//   |torsion N-C1'-C1'-N| < 45°,
//   j - i >= kShortestPairSpan where both are of one molecule.
// score = ((N-N - 8.95)/0.25)² + ((C1'-C1' - 10.5)/0.3)² + ((λi - 55)/6)² + ((λj - 55)/6)² + (torsion/15)².
//
// `c1`, `n`: [L], positions in Å; an atom that is missing is NaN, and its nucleotide pairs with none. `molecule`: [L],
// equal numbers are one molecule; empty: all are. Throws Error for spans of different lengths and for a coordinate
// beyond 1e6 Å. Time and memory linear in L, but for sorting, where the density of atoms has a limit.
BasePairCandidates find_base_pair_candidates(std::span<const Vec3> c1, std::span<const Vec3> n,
                                             std::span<const int> molecule = {});

// The partner of each of `length` nucleotides, -1 without: of the candidates in their order those whose nucleotides are
// both still free. Throws Error for a candidate whose positions are not within the length.
std::vector<int> choose_partners(std::span<const BasePairCandidate> candidates, int length);

// The partner of each nucleotide, [L], -1 where it is unpaired: the best candidate first, one partner each. Parameters,
// errors and time as of find_base_pair_candidates.
std::vector<int> find_base_pairs(std::span<const Vec3> c1, std::span<const Vec3> n, std::span<const int> molecule = {});

// The same for nucleotides as they stand in a chain or an assembly: a molecule is what has one chain_in_structure, and
// where the base hangs on another atom (C5 of pseudouridine) that one stands for the nitrogen.
std::vector<int> find_base_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
