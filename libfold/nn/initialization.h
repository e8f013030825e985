// Fresh parameters: the published distributions, drawn from our own streams.
#pragma once

#include <cstdint>

#include "kernels/torch_headers.h"

namespace flashrna {

// Draws every parameter of `model` from RandomStream(seed, "initialize/<parameter name>"), so that a parameter's values
// depend on nothing but the seed, its name and its shape. Throws Error for a parameter it has no rule for.
void initialize_parameters(torch::nn::Module& model, std::uint64_t seed);

}  // namespace flashrna
