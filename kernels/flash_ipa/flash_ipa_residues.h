// A loop over the residues of a batch on a CPU.
#pragma once

#include <cstdint>

#include "kernels/parallel_ranges.h"

namespace flashrna {

// Calls residue(i) for every i of [0, count), on all threads.
template <typename Residue>
void for_each_residue(int64_t count, Residue residue) {
  constexpr int64_t kResiduesPerTask = 16;
  parallel_ranges(count, kResiduesPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) residue(i);
  });
}

}  // namespace flashrna
