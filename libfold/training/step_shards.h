// Divides the batches of one optimizer step among processes. Does not use torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace flashrna {

// Successive chains of one batch.
struct BatchSlice {
  std::size_t batch = 0;  // of the step
  std::int64_t first = 0, count = 0;
  // Weight of the mean over these chains in the loss of the step, the mean over batches of the mean over their chains.
  double share = 0.0;
};

using StepShard = std::vector<BatchSlice>;  // in the order of the batches; may be empty

// Cuts the chains of a step, batch after batch, into `shards` runs of about equal numbers of residues: a chain belongs
// to the run in which its middle lies. `lengths[a]` are those of batch a. The batches are whole where that divides them
// evenly.
std::vector<StepShard> plan_shards(std::span<const std::vector<std::int64_t>> lengths, int shards);

// The shards of one process: [begin, end) of `shards`, which are at least as many as the processes.
struct ShardRange {
  int begin = 0, end = 0;
};
ShardRange shards_of(int rank, int size, int shards);

}  // namespace flashrna
