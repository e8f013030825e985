// How near the network comes to what matrix products alone reach on the same threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "libfold/nn/flow_model.h"

namespace flashrna {

struct ModelTiming {
  std::int64_t length = 0;
  double forward_flops = 0.0;                            // useful: libfold/nn/model_flops.h
  double forward_seconds = 0.0, training_seconds = 0.0;  // fastest of the repeats; training is forward and backward
  double sgemm_flops_per_second = 0.0;                   // fastest of products measured in between

  double forward_share() const { return forward_flops / forward_seconds / sgemm_flops_per_second; }
  double training_share() const { return 3.0 * forward_flops / training_seconds / sgemm_flops_per_second; }
};

// One chain of each length, f32, fresh weights, self-conditioned. `on_run` is called after each repeat.
std::vector<ModelTiming> bench_model(const ModelConfig& config, const std::vector<int>& lengths, int repeats,
                                     at::Device device, const std::function<void()>& on_run);

// Seconds that the tables of IGSO(3) take to make.
double igso3_table_seconds();

}  // namespace flashrna
