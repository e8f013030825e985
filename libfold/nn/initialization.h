// Initializes parameters with the published distributions, from this project's random streams.
#pragma once

#include <cstdint>

#include "kernels/torch_headers.h"

namespace flashrna {

// Draws every parameter of `model` from RandomStream(seed, "initialize/<parameter name>"), so that its values depend
// only on the seed, its name and its shape. Throws Error for a parameter without a rule.
void initialize_parameters(torch::nn::Module& model, std::uint64_t seed);

}  // namespace flashrna
