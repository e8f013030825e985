// Some chains of a prepared batch, for a process that computes only these (step_shards.h).
#pragma once

#include <cstdint>

#include "libfold/training/training_step.h"

namespace flashrna {

// The chains first ... first + count - 1, padded to the longest of them. All that was drawn for the whole batch is
// kept.
PreparedBatch batch_rows(const PreparedBatch& whole, std::int64_t first, std::int64_t count);

}  // namespace flashrna
