// Pseudoknots on top of a nested structure: stems between two strands of different loops. A stem of k pairs at one
// place between two strands has an intensity of
//   rate * of_loops(kinds of the two loops) * of_stems_between(bin of the nested stems between the loops) * share
//        * of_arms(bin of the difference of the two arms) * of_stem(k) * of_length(bin of L),
// and the number of stems between two strands is Poisson with the sum over k and over all places, of which one at most
// is kept. Longer strands thus have more of them. Further stems may follow inside it between the same strands: many
// pseudoknots of natives are helices with bulges and interior loops.
//
// Loops that few stems keep apart are close in space, and natives mostly join these: half of their pseudoknots cross
// one stem. The way from one loop to the other leads outward along an arm of nested helices and inward along another;
// either may be empty. The loops meet where the arms are about as long, up to the helix that the strand of a loop can
// bridge. `share` is at most the number of nucleotides over the places with as many stems between: otherwise far loops,
// which are the most in a long chain, would be joined most.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "rna/pairs/length_distribution.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

inline constexpr std::size_t kAllLoops = 5;                                 // LoopKind
inline constexpr std::size_t kLoopPairs = kAllLoops * (kAllLoops + 1) / 2;  // unordered
std::size_t loop_pair(LoopKind a, LoopKind b);                              // 0 .. kLoopPairs - 1

// Two strands that a pseudoknot may join.
struct PseudoknotSite {
  std::size_t loops = 0;  // loop_pair
  int distance = 1;       // along the chain, of the strands' nearest ends
  int stems_between = 1;  // of the nested structure, on the way from one loop to the other
  int arms = 0;           // difference of the two arms, in pairs
  int length = 0;         // nucleotides of the chain
  double share = 1.0;     // at most 1
};

// The stems that go on inside one stem of a pseudoknot, between the same two strands.
struct FurtherStems {
  double chance = 0.0;          // that a stem has another inside it
  std::vector<double> of_gap;   // by number of unpaired nucleotides before it on each side; never 0 on both
  std::vector<double> of_stem;  // [pairs - 1]; weights, as of_gap
};

// In pairs. Natives also join loops whose arms differ by more, with a tenth of the stems in long chains. These come
// about with the fold as a whole; drawn one by one they could not form together, and so none is drawn.
inline constexpr int kMostArmDifference = 15;

struct PseudoknotModel {
  double rate = 0.0;  // per place; 0: no pseudoknots
  std::array<double, kLoopPairs> of_loops{};
  // For 1, 2, 3, 4, 5 to 8, 9 to 16, ... stems; halves in each bin beyond.
  std::vector<double> of_stems_between;
  std::vector<double> of_arms;  // for differences of 0 and 1, 2 and 3, 4 and 5, 6 and 7, 8 to 11, 12 to 15 pairs
  // Of models of earlier versions, in place of of_stems_between, of_arms and share: by floor(log2(distance / 4)).
  std::vector<double> of_separation;
  std::vector<double> of_stem;  // [k - 1]; longer stems are impossible
  FurtherStems further;
  std::vector<double> of_length;  // by floor(log2(nucleotides of the chain / 4)); the last one for longer chains

  // Expected number of stems of k pairs at each place between two strands.
  double intensity(const PseudoknotSite& site, int k) const;
};

struct WeightedStructure {
  SecondaryStructure structure;
  double weight = 1.0;
};

// The factors with which pseudoknots drawn for `nested` are as many as those of `observed`, by each of the factors:
// maximum likelihood of one factor after the other until all agree, where each is drawn toward 1 by one observed and
// one expected stem. Stems of order 1 and above are counted. `nested`: structures without pseudoknots, of the lengths
// and with the weights of the observed ones: those that the grammar makes.
PseudoknotModel fit_pseudoknots(std::span<const WeightedStructure> observed, std::span<const WeightedStructure> nested);

// The nested structure `partner` [L] with pseudoknots, which keep kShortestPairSpan. Each crosses a nested stem that is
// longer, or as long and nearer to the 5' end, so that `partner` remains the part of order 0. Draws a number for each
// pair of strands that may be joined: time is quadratic in the number of loops.
std::vector<int> draw_pseudoknots(const PseudoknotModel& model, std::span<const int> partner, const Uniform& uniform);

}  // namespace flashrna
