// Time and memory of a training step: forward, losses, backward, clipping, AdamW, moving average.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "libfold/batch.h"
#include "libfold/run_config.h"

namespace flashrna {

struct TrainingTiming {
  std::int64_t length = 0;
  double seconds = 0.0;             // fastest repeat, averaged over steps with and without self-conditioning
  std::int64_t peak_bytes = 0;      // of tensors, without weights, gradients and optimizer state
  std::int64_t largest_bytes = 0;   // largest tensor; -1 on a GPU
  std::int64_t resident_bytes = 0;  // growth of the process, including the state; -1 on a GPU
};

// One chain of each length. Calls `on_run` after each step.
std::vector<TrainingTiming> bench_training(const RunConfig& config, const std::vector<int>& lengths, int repeats,
                                           at::Device device, const std::function<void()>& on_run);

// The same for a given batch.
TrainingTiming time_training_step(const RunConfig& config, const Batch& batch, int repeats, at::Device device,
                                  const std::function<void()>& on_run);

}  // namespace flashrna
