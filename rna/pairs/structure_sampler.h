// Draws secondary structures of a given length from a grammar (rna/pairs/structure_grammar.h). The grammar emits no
// letters, so the sum of the weights of all structures of a length depends on the length alone: a table by dynamic
// programming serves all draws, and a structure is drawn exactly by walking back through it.
#pragma once

#include <cstdint>
#include <vector>

#include "rna/pairs/structure_grammar.h"

namespace flashrna {

class StructureSampler {
 public:
  // Sums for all lengths up to `longest`: about 6 longest² multiplications, 23 numbers per length. They are scaled by a
  // power of the length that keeps them near 1, and so neither vanish nor overflow. Draws do not depend on `longest`.
  StructureSampler(const StructureGrammar& grammar, int longest);

  const StructureGrammar& grammar() const { return grammar_; }
  int longest() const { return longest_; }
  // Multiplications of the dynamic programming.
  std::int64_t operations() const { return operations_; }

  // Logarithm of the sum of the weights of all nested structures of `length` nucleotides. Throws Error for a length
  // outside 1 .. longest, and for a sum that is 0 or not finite.
  double log_sum(int length) const;

  // Partners, [length], kUnpaired without one. A nested structure has the probability
  // exp(grammar().log_weight(structure) - log_sum(length)); draw() adds pseudoknots to it. Throws as log_sum.
  std::vector<int> draw_nested(int length, const Uniform& uniform) const;
  std::vector<int> draw(int length, const Uniform& uniform) const;

 private:
  friend class StructureWalk;
  using Values = std::vector<double>;  // by number of nucleotides

  StructureSampler(StructureGrammar grammar, int longest, double log_scale);
  static double scale_of(const StructureGrammar& grammar);
  double scaled_sum(int length) const;
  void set_weights();
  void fill();

  StructureGrammar grammar_;
  int longest_;
  double log_scale_;  // weights and sums of n nucleotides are multiplied by exp(n log_scale_)
  std::int64_t operations_ = 0;
  // Weights of emitted nucleotides. interior_: bulges and interior loops; stem_ by pairs.
  Values stem_, hairpin_, interior_, multiloop_gap_, unpaired_, first_gap_, middle_gap_, last_gap_;
  Values branch_, enclosed_;  // sums over structures: of a stem with what it encloses, of what a stem encloses
  // A branch with the gap before it: in a multiloop, first and further of the exterior loop.
  Values gap_branch_, first_branch_, middle_branch_;
  // A multiloop, and what follows its first branch, its second, its third, and further ones.
  Values multiloop_, after_first_;
  std::array<Values, 3> after_branches_;
  std::array<Values, 3> after_exterior_;  // what follows the first, second and further branches of the exterior loop
};

}  // namespace flashrna
