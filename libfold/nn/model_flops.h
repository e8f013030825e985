// Floating-point operations of the network, counted here and nowhere else.
#pragma once

#include <cstdint>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// Of one forward pass on one chain of L residues: products of matrices alone, 2 operations a multiply-add, attention
// heads unpadded. Throws UsageError if the configuration is not valid.
double flow_model_forward_flops(const ModelConfig& config, std::int64_t L);

// Backward makes the gradient of both factors of every product.
inline double flow_model_training_flops(const ModelConfig& config, std::int64_t L) {
  return 3.0 * flow_model_forward_flops(config, L);
}

}  // namespace flashrna
