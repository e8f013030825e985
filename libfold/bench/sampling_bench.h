// Time and memory of sampling by length and by batch size, for several attention backends: the two figures of FlashIPA
// (arXiv:2505.11580) on this machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libfold/run_config.h"

namespace flashrna {

struct SamplingTiming {
  std::string backend;  // model.attention
  int length = 0, batch = 0, steps = 0;
  double step_seconds = 0.0;       // of the whole sampler step; fastest repeat
  double forward_seconds = 0.0;    // of the network alone on the same batch
  std::int64_t peak_bytes = 0;     // of tensors during sampling, without the weights
  std::int64_t largest_bytes = 0;  // largest tensor; -1 on a GPU
};

struct SamplingCase {
  std::string backend;
  int length = 0, batch = 0;
  bool use_graphs = true;  // as SamplingControl::use_graphs
};

// Random weights, seed 0. Each sample takes `steps` >= 2 calls of the model; each case runs `repeats` times.
std::vector<SamplingTiming> bench_sampling(const RunConfig& config, const std::vector<SamplingCase>& cases, int steps,
                                           int repeats, at::Device device, const std::function<void()>& on_run);

}  // namespace flashrna
