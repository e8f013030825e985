// Agreement of a structure with requested pairs, position by position.
#pragma once

#include <span>

namespace flashrna {

struct Agreement {
  long asked = 0, found = 0, both = 0;

  void add(const Agreement& other);
  double precision() const;  // fraction of the found pairs that were requested; NaN if none was found
  double recall() const;     // fraction of the requested pairs that were found; NaN if none was requested
  double f1() const;         // 2 both / (asked + found); NaN if that is 0/0
};

// `asked`, `found`: partners, [L], as in rna/pairs/secondary_structure.h. A pair found between two positions that
// `asked` leaves unspecified (kUnspecified) is not counted. `found` must not contain kUnspecified. Both functions throw
// Error for different lengths. Partners must be those of a valid structure.
Agreement compare_pairs(std::span<const int> asked, std::span<const int> found);

// The same for unpaired positions. Positions that `asked` leaves unspecified are not counted.
Agreement compare_loop_positions(std::span<const int> asked, std::span<const int> found);

}  // namespace flashrna
