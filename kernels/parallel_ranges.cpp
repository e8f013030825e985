#include "kernels/parallel_ranges.h"

#include <ATen/Parallel.h>

#ifndef _OPENMP
#error "parallel_ranges.cpp must be compiled with OpenMP: without it at::parallel_for runs on one thread"
#endif

namespace flashrna {

void parallel_ranges(int64_t count, int64_t grain, c10::function_ref<void(int64_t, int64_t)> range) {
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) { range(begin, end); });
}

}  // namespace flashrna
