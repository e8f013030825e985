// How a training step scales with the number of processes: each computes a chain of its own, and the gradients are
// added over all.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "libfold/distributed/process_group.h"
#include "libfold/run_config.h"

namespace flashrna {

struct ScalingTiming {
  std::int64_t length = 0;  // residues of each process
  double alone = 0.0;       // seconds of a step in one process, while the others wait
  double together = 0.0;    // seconds of a step in all processes
  double exposed = 0.0;     // of those, seconds in which the first process waited for gradients after its backward pass

  double efficiency() const { return alone / together; }  // 1: as if they did not need to talk
};

// One chain of each length per process; the fastest of `repeats` counts. Without self-conditioning. Collective; the
// times are those of the first process. Calls `on_run` after each step.
std::vector<ScalingTiming> bench_scaling(const RunConfig& config, const std::vector<int>& lengths, int repeats,
                                         at::Device device, const ProcessGroup& group,
                                         const std::function<void()>& on_run);

}  // namespace flashrna
