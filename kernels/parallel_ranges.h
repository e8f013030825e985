// Loops on the threads that LibTorch computes with.
#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace flashrna {

// Calls range(begin, end) for ranges of at least `grain` items that together are [0, count), on up to
// at::get_num_threads() threads. Rethrows the first exception. Where the ranges end depends on the number of threads,
// so the result of an item must not depend on its range.
//
// Use this instead of at::parallel_for: that template runs on one thread where the source that calls it is compiled
// without OpenMP, and only parallel_ranges.cpp is compiled with it.
void parallel_ranges(int64_t count, int64_t grain, c10::function_ref<void(int64_t, int64_t)> range);

}  // namespace flashrna
