// What the stand-in counts (stand_in_cuda.h).
#pragma once

#include <atomic>

namespace flashrna::stand_in {

struct Counters {
  std::atomic<long> operations{0}, waits{0}, linear_attention{0}, square_attention{0}, allocations{0}, recordings{0},
      replays{0};
};

Counters& counters();

// With STAND_IN_CUDA_TRACE=waits or STAND_IN_CUDA_TRACE=operations in the environment, each is printed with the frames
// of the program (addresses for addr2line).
// While a graph is recorded, a wait is an error.
void count_wait(const char* what);
void count_operation(const char* name);

}  // namespace flashrna::stand_in
