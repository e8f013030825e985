// How `auto` chooses: a check of outputs and gradients against dense, and the order in which backends are tried.
#pragma once

#include <functional>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/self_check.h"

namespace flashrna {

using BackendFunction = std::function<FlashIpaOutput(const FlashIpaInput&)>;

// Gradients may have this many times the error of outputs: they are sums over keys and heads of numbers that cancel.
inline constexpr double kGradientErrors = 10;

// Of the fused kernels' self-check, relative: operands are rounded to 11 bits, which logits of order 10 pass on.
inline constexpr double kFusedCheckAllowed = 5e-3;

// Inputs of the checks, f32. That of fused has more residues than a tile and the sizes of its largest kernels.
FlashIpaInput lifted_check_input(at::Device device);
FlashIpaInput fused_check_input(at::Device device);

// Largest |got - dense| over largest |dense| of any output, and of any gradient over kGradientErrors; infinite if there
// is a number that is none.
double backend_error(const FlashIpaInput& input, const BackendFunction& backend);

struct AttentionCandidate {
  AttentionBackend backend;
  SelfCheck* check;
};

// The first whose check passes on the device, else dense; with what all checks up to there have found.
AttentionChoice first_that_passes(const std::vector<AttentionCandidate>& candidates, at::Device device);

}  // namespace flashrna
