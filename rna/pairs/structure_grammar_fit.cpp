#include "rna/pairs/structure_grammar_fit.h"

#include <algorithm>

#include "rna/pairs/structure_sampler.h"

namespace flashrna {
namespace {

constexpr int kDrawsPerChain = 4;

// Structures without pseudoknots of the lengths of the observed ones; their weights add up to those of the observed
// ones.
std::vector<WeightedStructure> draw_nested(const StructureGrammar& grammar,
                                           const std::vector<WeightedStructure>& observed, const Uniform& uniform) {
  int longest = 1;
  for (const WeightedStructure& one : observed) longest = std::max(longest, one.structure.length());
  const StructureSampler sampler(grammar, longest);
  std::vector<WeightedStructure> drawn;
  for (const WeightedStructure& one : observed) {
    for (int draw = 0; draw < kDrawsPerChain; ++draw) {
      const std::vector<int> partner = sampler.draw_nested(one.structure.length(), uniform);
      drawn.push_back({describe_secondary_structure(partner), one.weight / kDrawsPerChain});
    }
  }
  return drawn;
}

}  // namespace

StructureGrammar fit_structure_grammar(std::span<const ObservedPartners> observed, const Uniform& uniform) {
  std::vector<WeightedStructure> structures;
  for (const ObservedPartners& one : observed)
    if (!one.partner.empty()) structures.push_back({describe_secondary_structure(one.partner), one.weight});
  StructureGrammar grammar = fit_nested_grammar(structures);
  grammar.pseudoknots = fit_pseudoknots(structures, draw_nested(grammar, structures, uniform));
  return grammar;
}

}  // namespace flashrna
