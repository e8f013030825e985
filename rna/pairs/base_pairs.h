// Finds base pairs from C1' and the glycosidic nitrogen (N9 or N1) alone: the two base atoms that every backbone has,
// including generated ones. The limits enclose the canonical pairs (cis Watson-Crick: A-U, G-C, and the wobble G-U) of
// X-ray structures, whatever the letters are. Other classes of pairs are not detected, and the other base atoms are not
// used.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Minimum distance in sequence of two paired nucleotides of one molecule: a hairpin loop has at least three.
inline constexpr int kShortestPairSpan = 4;

// Limits on candidates. The defaults are those of find_base_pairs. G-U wobbles, with angles of about 40° and 67°, lie
// near the limits: most canonical pairs that these limits miss are wobbles.
struct BasePairLimits {
  double shortest_nitrogens = 8.2, longest_nitrogens = 9.8;       // N-N, Å
  double shortest_c1_distance = 9.6, longest_c1_distance = 11.4;  // C1'-C1', Å
  double smallest_lambda = 42.0, largest_lambda = 72.0;           // degrees; both angles of C1'->N with C1'->C1'
  double largest_torsion = 45.0;                                  // degrees; upper limit of |torsion N-C1'-C1'-N|
};

struct BasePairCandidate {
  int i, j;      // positions, i < j
  double score;  // deviation from the mean canonical pair, in squared standard deviations; 0 is best
};

struct BasePairCandidates {
  std::vector<BasePairCandidate> pairs;  // best first; equal scores by i, then j
  long comparisons = 0;                  // compared pairs of nitrogens, counted from both sides
};

// All pairs (i, j) within the limits, with j - i >= kShortestPairSpan if both are in one molecule. A nucleotide may be
// in several pairs.
// score = ((N-N - 8.95)/0.25)² + ((C1'-C1' - 10.5)/0.3)² + ((λi - 55)/6)² + ((λj - 55)/6)² + (torsion/15)².
//
// `c1`, `n`: [L], positions in Å. A missing atom is NaN; its nucleotide has no pairs. `molecule`: [L], equal numbers
// mean one molecule; empty: one molecule. Throws Error for spans of different lengths and for a coordinate beyond 1e6
// Å. At bounded atom density, time (except for sorting) and memory are linear in L.
BasePairCandidates find_base_pair_candidates(std::span<const Vec3> c1, std::span<const Vec3> n,
                                             std::span<const int> molecule = {}, const BasePairLimits& limits = {});

// The same for nucleotides of a chain or an assembly. Nucleotides with equal chain_in_structure form a molecule. If the
// base is attached by another atom (C5 in pseudouridine), that atom replaces the nitrogen.
BasePairCandidates find_base_pair_candidates(std::span<const Nucleotide> nucleotides,
                                             const BasePairLimits& limits = {});

// The partner of each of `length` nucleotides, -1 if unpaired. Accepts each candidate in order if both nucleotides are
// still unpaired. Throws Error for a candidate with a position outside the length.
std::vector<int> choose_partners(std::span<const BasePairCandidate> candidates, int length);

// The partner of each nucleotide, [L], -1 if unpaired. Accepts the best candidates first, one partner each. Parameters,
// errors and time as for find_base_pair_candidates.
std::vector<int> find_base_pairs(std::span<const Vec3> c1, std::span<const Vec3> n, std::span<const int> molecule = {});
std::vector<int> find_base_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
