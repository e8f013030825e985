// What the stand-in counts (stand_in_cuda.h).
#pragma once

#include <atomic>

namespace flashrna::stand_in {

struct Counters {
  std::atomic<long> operations{0}, waits{0}, linear_attention{0}, square_attention{0};
};

Counters& counters();

// Counts a wait of the host. With STAND_IN_CUDA_TRACE in the environment, prints `what` and the frames of the program
// (addresses for addr2line).
void count_wait(const char* what);

}  // namespace flashrna::stand_in
