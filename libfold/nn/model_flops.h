// Counts floating-point operations of the network. No other file counts them.
#pragma once

#include <cstdint>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// Operations of one forward pass on one chain of L residues. Counts matrix products only, 2 operations per
// multiply-add, without the padding of attention heads. Throws UsageError if the configuration is invalid.
double flow_model_forward_flops(const ModelConfig& config, std::int64_t L);

// Backward computes the gradient of both factors of every product.
inline double flow_model_training_flops(const ModelConfig& config, std::int64_t L) {
  return 3.0 * flow_model_forward_flops(config, L);
}

}  // namespace flashrna
