// Inputs of invariant point attention as a network gives them at the start of its training, for checks and benchmarks.
#pragma once

#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_work.h"

namespace flashrna {

struct FlashIpaExample {
  std::vector<int64_t> lengths;
  FlashIpaSizes sizes;
  double radius_of_gyration = 2.3;  // nm, of each chain
  double off_center = 0.0;          // nm from the origin
};

// Standard normal features and local points (1 nm), random orientations, translations along a random walk, head weights
// of softplus 1. The same numbers on every machine, in `dtype` on `device`.
FlashIpaInput make_flash_ipa_example(const FlashIpaExample& example, at::ScalarType dtype, at::Device device);

// The floating-point tensors that are defined, in the order of FlashIpaInput; and the defined outputs.
std::vector<at::Tensor*> floating_tensors(FlashIpaInput& input);
std::vector<at::Tensor> output_tensors(const FlashIpaOutput& output);

}  // namespace flashrna
