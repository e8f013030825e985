// Sums the gradients of a step over its shards and over the processes. Every process computes some of the shards of the
// step, in ascending order, and gets the sum of all.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libfold/checkpoint.h"
#include "libfold/distributed/process_group.h"

namespace flashrna {

class GradientReduction {
 public:
  virtual ~GradientReduction() = default;
  // Call before the last backward pass of this process in the step: gradients of parameters that it completes may then
  // be sent while it runs. Not for a backward pass that runs another inside (activation recomputation).
  virtual void before_last_backward() {}
  // Call after the backward passes of each shard of this process.
  virtual void end_shard() {}
  // The gradients become the sums. A parameter that has a gradient in no shard has none. Collective.
  virtual void finish() = 0;
  // Seconds that finish() waited for other processes since the last call, for the benchmark.
  virtual double take_exposed_seconds() { return 0.0; }
};

// The sum over processes in buckets, the last layers first. Buckets of `bucket_bytes`, the first of 1 MiB so that it
// starts early. With one process, the gradients stay as they are. The sum rounds differently for another number of
// processes.
std::unique_ptr<GradientReduction> make_fast_reduction(NamedParameters parameters, const ProcessGroup& group,
                                                       std::int64_t bucket_bytes = 25 << 20);

// The sum ((shard 0 + shard 1) + shard 2) + ..., with the same bits for any number of processes. Keeps a copy of the
// gradients for each shard of this process, and each process sends in turn: for tests and for those who want it.
std::unique_ptr<GradientReduction> make_ordered_reduction(NamedParameters parameters, const ProcessGroup& group);

}  // namespace flashrna
