// The backends behind flash_ipa(). Inputs are checked by the caller.
#pragma once

#include "kernels/flash_ipa/flash_ipa.h"

namespace flashrna::flash_ipa_backends {

FlashIpaOutput dense(const FlashIpaInput& input);
FlashIpaOutput lifted(const FlashIpaInput& input);

// Shared by the backends ---------------------------------------------------------------------------------------------

// Local points [B, L, H, P, 3] to global ones, coordinate-major: [B, L, 3, H, P].
at::Tensor to_global(const at::Tensor& points, const at::Tensor& rotations, const at::Tensor& translations);

// From attention-weighted sums to the outputs: `points` [B, L, 3, H, P_v] global, `pairs` [B, L, H, c] or undefined.
// Rows in the padding become zero.
FlashIpaOutput finish(const FlashIpaInput& input, const at::Tensor& scalars, const at::Tensor& points,
                      const at::Tensor& pairs);

}  // namespace flashrna::flash_ipa_backends
