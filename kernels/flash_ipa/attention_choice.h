// How `auto` chooses a backend: a check of outputs and gradients against dense, and the order in which backends are
// tried.
#pragma once

#include <functional>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/self_check.h"

namespace flashrna {

using BackendFunction = std::function<FlashIpaOutput(const FlashIpaInput&)>;

// Gradients may have this many times the error of outputs, because they are sums over keys and heads with cancellation.
inline constexpr double kGradientErrors = 10;

// Allowed relative error in the fused kernels' self-check: operands are rounded to 11 bits, which logits of order 10
// amplify.
inline constexpr double kFusedCheckAllowed = 5e-3;

// Inputs of the checks, f32. The input for fused has more residues than a tile and the sizes of its largest kernels.
FlashIpaInput lifted_check_input(at::Device device);
FlashIpaInput fused_check_input(at::Device device);

// The larger of the errors of outputs and of gradients, the latter divided by kGradientErrors. The error of a tensor is
// the largest |got - dense| over the largest |dense|. Infinite if any number is not finite.
double backend_error(const FlashIpaInput& input, const BackendFunction& backend);

struct AttentionCandidate {
  AttentionBackend backend;
  SelfCheck* check;
};

// Returns the first candidate whose check passes on the device, otherwise dense, with the results of all checks made.
AttentionChoice first_that_passes(const std::vector<AttentionCandidate>& candidates, at::Device device);

}  // namespace flashrna
