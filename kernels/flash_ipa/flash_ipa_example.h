// Inputs of invariant point attention like those of a network at the start of training, for checks and benchmarks.
#pragma once

#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_work.h"

namespace flashrna {

struct FlashIpaExample {
  std::vector<int64_t> lengths;
  FlashIpaSizes sizes;
  double radius_of_gyration = 2.3;  // nm, of each chain
  double off_center = 0.0;          // nm, distance of each chain from the origin
};

// Standard normal features and local points (1 nm), random orientations, translations along a random walk, head weights
// softplus(1). The numbers are the same on every machine; they are converted to `dtype` on `device`.
FlashIpaInput make_flash_ipa_example(const FlashIpaExample& example, at::ScalarType dtype, at::Device device);

// The defined floating-point tensors, in the order of FlashIpaInput; and the defined outputs.
std::vector<at::Tensor*> floating_tensors(FlashIpaInput& input);
std::vector<at::Tensor> output_tensors(const FlashIpaOutput& output);

}  // namespace flashrna
