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

// What a candidate keeps. The defaults are those of find_base_pairs; G-U wobbles, whose angles are about 40° and 67°,
// lie at their edge: of the canonical pairs that these limits miss, most are such.
struct BasePairLimits {
  double shortest_nitrogens = 8.2, longest_nitrogens = 9.8;       // N-N, Å
  double shortest_c1_distance = 9.6, longest_c1_distance = 11.4;  // C1'-C1', Å
  double smallest_lambda = 42.0, largest_lambda = 72.0;  // degrees, both angles of C1'->N and C1'->C1' of the other
  double largest_torsion = 45.0;                         // degrees; |torsion N-C1'-C1'-N| is below
};

struct BasePairCandidate {
  int i, j;      // positions, i < j
  double score;  // how far from the mean canonical pair, in squared standard deviations; 0 is best
};

struct BasePairCandidates {
  std::vector<BasePairCandidate> pairs;  // best first; equal scores by i, then j
  long comparisons = 0;                  // pairs of nitrogens within reach that were looked at, each from both sides
};

// Every pair (i, j) that keeps the limits and, where both are of one molecule, j - i >= kShortestPairSpan; a nucleotide
// may be in several.
// score = ((N-N - 8.95)/0.25)² + ((C1'-C1' - 10.5)/0.3)² + ((λi - 55)/6)² + ((λj - 55)/6)² + (torsion/15)².
//
// `c1`, `n`: [L], positions in Å; an atom that is missing is NaN, and its nucleotide pairs with none. `molecule`: [L],
// equal numbers are one molecule; empty: all are. Throws Error for spans of different lengths and for a coordinate
// beyond 1e6 Å. Time and memory linear in L, but for sorting, where the density of atoms has a limit.
BasePairCandidates find_base_pair_candidates(std::span<const Vec3> c1, std::span<const Vec3> n,
                                             std::span<const int> molecule = {}, const BasePairLimits& limits = {});

// The same for nucleotides as they stand in a chain or an assembly: a molecule is what has one chain_in_structure, and
// where the base hangs on another atom (C5 of pseudouridine) that one stands for the nitrogen.
BasePairCandidates find_base_pair_candidates(std::span<const Nucleotide> nucleotides,
                                             const BasePairLimits& limits = {});

// The partner of each of `length` nucleotides, -1 without: of the candidates in their order those whose nucleotides are
// both still free. Throws Error for a candidate whose positions are not within the length.
std::vector<int> choose_partners(std::span<const BasePairCandidate> candidates, int length);

// The partner of each nucleotide, [L], -1 where it is unpaired: the best candidate first, one partner each. Parameters,
// errors and time as of find_base_pair_candidates.
std::vector<int> find_base_pairs(std::span<const Vec3> c1, std::span<const Vec3> n, std::span<const int> molecule = {});
std::vector<int> find_base_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
