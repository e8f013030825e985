// Compares the network's speed with that of plain matrix products on the same threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "libfold/nn/flow_model.h"

namespace flashrna {

struct ModelTiming {
  std::int64_t length = 0;
  double forward_flops = 0.0;                            // useful FLOPs: libfold/nn/model_flops.h
  double forward_seconds = 0.0, training_seconds = 0.0;  // fastest repeat; training = forward and backward
  double sgemm_flops_per_second = 0.0;                   // fastest of the products measured in between

  double forward_share() const { return forward_flops / forward_seconds / sgemm_flops_per_second; }
  double training_share() const { return 3.0 * forward_flops / training_seconds / sgemm_flops_per_second; }
};

// One chain of each length, f32, random weights, with self-conditioning. Calls `on_run` after each repeat.
std::vector<ModelTiming> bench_model(const ModelConfig& config, const std::vector<int>& lengths, int repeats,
                                     at::Device device, const std::function<void()>& on_run);

// Seconds to compute the tables of IGSO(3).
double igso3_table_seconds();

}  // namespace flashrna
