// Fits the grammar of secondary structures, with its pseudoknots, to observed ones.
#pragma once

#include <span>
#include <vector>

#include "rna/pairs/structure_grammar.h"

namespace flashrna {

struct ObservedPartners {
  std::vector<int> partner;  // [L] of one molecule; kUnspecified counts as unpaired
  double weight = 1.0;       // counts as so many chains; > 0
};

// fit_nested_grammar, then fit_pseudoknots on structures that this grammar makes: some of the length of each chain,
// drawn with `uniform`. Ignores empty chains. Throws Error if none is left, and for partners that are no valid
// structure. Time is quadratic in the longest chain.
StructureGrammar fit_structure_grammar(std::span<const ObservedPartners> observed, const Uniform& uniform);

}  // namespace flashrna
