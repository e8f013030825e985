// A stochastic context-free grammar of secondary structures that emits no letters: stems of stacked pairs and the loops
// between them, with observed distributions of lengths, and pseudoknots as a second pass (rna/pairs/pseudoknots.h).
//
//   structure   unpaired chain | gap, branch, (gap, branch)*, gap                    lengths n, first, middle, last gap
//   branch      stem of k pairs around one loop
//   loop        hairpin | bulge, branch | interior, branch, interior | gap, branch, gap, branch, (gap, branch)*, gap
//
// Every nested structure has exactly one derivation. Its weight is the product of the weights of its choices; among the
// structures of one length its probability is proportional to that (rna/pairs/structure_sampler.h). Does not know of
// several molecules.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rna/pairs/length_distribution.h"
#include "rna/pairs/pseudoknots.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

enum class LengthOf {
  kStem,     // pairs
  kHairpin,  // nucleotides of the loop, from here on
  kBulge,
  kInterior,       // both strands
  kAsymmetry,      // difference of the two strands of an interior loop
  kMultiloopGap,   // each strand of a multiloop
  kUnpairedChain,  // a chain without pairs
  kFirstGap,       // strands of the exterior loop
  kMiddleGap,
  kLastGap,
};
inline constexpr std::size_t kLengthKinds = 10;
int shortest_of(LengthOf kind);

// A decision with two outcomes.
enum class ChanceOf {
  kPaired,        // a chain has pairs
  kSecondBranch,  // the exterior loop has a branch after the first, the second, and each further one
  kThirdBranch,
  kFurtherBranch,
  kThirdInMultiloop,  // a multiloop has a branch after the second, the third, and each further one
  kFourthInMultiloop,
  kFurtherInMultiloop,
  kUpstreamBulge,  // the unpaired strand of a bulge is the 5' one
};
inline constexpr std::size_t kChanceKinds = 8;

inline constexpr std::size_t kClosedLoops = 4;  // loops closed by a pair: LoopKind without kExterior

struct StructureGrammar {
  std::array<LengthDistribution, kLengthKinds> lengths;
  std::array<double, kClosedLoops> loops{};    // share of each kind of loop, by LoopKind
  std::array<double, kChanceKinds> chances{};  // probability of yes
  PseudoknotModel pseudoknots;

  const LengthDistribution& length(LengthOf kind) const { return lengths[static_cast<std::size_t>(kind)]; }
  double chance(ChanceOf kind) const { return chances[static_cast<std::size_t>(kind)]; }
  double loop(LoopKind kind) const { return loops[static_cast<std::size_t>(kind)]; }

  // Weights of the strands of an interior loop of `total` nucleotides: of difference 0 .. total - 2 with the parity of
  // `total`, which sum to 1. [total - 1], 0 at the other parity.
  std::vector<double> asymmetry_weights(int total) const;
  // Logarithm of the weight of the nested structure (order 0).
  double log_weight(const SecondaryStructure& structure) const;

  // JSON on one line; reading it gives the same numbers to the last bit.
  std::string to_text() const;
  // Throws Error beginning with `source` for anything else.
  static StructureGrammar from_text(std::string_view text, const std::string& source);
};

// Relative frequencies of all choices in the nested structures, with fit_length_distribution for lengths; half an
// observation is added to each other outcome. Without pseudoknots: see rna/pairs/structure_grammar_fit.h. Throws Error
// for an empty set.
StructureGrammar fit_nested_grammar(std::span<const WeightedStructure> observed);

}  // namespace flashrna
