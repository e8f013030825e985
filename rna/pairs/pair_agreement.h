// How well a structure keeps the pairs that were asked for, position by position.
#pragma once

#include <span>

namespace flashrna {

struct Agreement {
  long asked = 0, found = 0, both = 0;

  void add(const Agreement& other);
  double precision() const;  // of what was found, the share that was asked for; NaN where nothing was found
  double recall() const;     // of what was asked for, the share that was found; NaN where nothing was asked for
  double f1() const;         // 2 both / (asked + found); NaN where that is 0/0
};

// `asked`, `found`: partners, [L], as in rna/pairs/secondary_structure.h. A pair that is found between two positions of
// which `asked` says nothing (kNotSaid) is neither right nor wrong and not counted; `found` has nothing unsaid.
// Both throw Error for different lengths; partners must be those of a valid structure.
Agreement compare_pairs(std::span<const int> asked, std::span<const int> found);

// The same for unpaired positions; those that `asked` does not say are not counted.
Agreement compare_loop_positions(std::span<const int> asked, std::span<const int> found);

}  // namespace flashrna
