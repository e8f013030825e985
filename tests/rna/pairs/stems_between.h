// How far apart the loops are that a pseudoknot joins, counted apart from the code that draws it.
#pragma once

#include <algorithm>

#include "rna/pairs/secondary_structure.h"

namespace flashrna {

// Nested stems that enclose one side of `stem` and not the other.
inline int stems_between(const SecondaryStructure& structure, const Stem& stem) {
  const auto encloses = [](const Stem& nested, int k) { return nested.i < k && k < nested.j; };
  return static_cast<int>(std::ranges::count_if(structure.stems, [&](const Stem& nested) {
    return nested.order == 0 && encloses(nested, stem.i) != encloses(nested, stem.j);
  }));
}

}  // namespace flashrna
