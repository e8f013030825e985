// Draws the numbers of new residues of a contig.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "libfold/design/contig.h"

namespace flashrna {

// Range of the number of residues of a contig's item.
struct LengthRange {
  int least = 0, most = 0;
};

// Draws a length for each range, uniformly among the combinations whose sum is within `bounds`. `below(n)` returns a
// uniform number in 0..n-1. Without bounds that exclude a combination, the draws are independent, one call of `below`
// per range of more than one length. Throws UsageError if no combination is within the bounds.
std::vector<int> draw_lengths(std::span<const LengthRange> ranges, const LengthBounds& bounds,
                              const std::function<std::uint64_t(std::uint64_t)>& below);

}  // namespace flashrna
