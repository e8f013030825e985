// FlashIPA as published (arXiv:2505.11580): coordinates, squared norm and a constant 1 of every point are additional
// columns beside the scalars, in global coordinates and in bf16, and FlashAttention-2 computes the attention. Emulated
// to compare its rounding with ours.
#pragma once

#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna {

// Computes scalars and points of the chosen rows for a batch of one sequence, with pair bias. Sums are f32 and rounded
// to nearest, which is in favor of the published layout.
void emulate_published_layout(const fused_ipa::Arguments& in, const std::vector<int>& rows,
                              const fused_ipa::Outputs& out);

}  // namespace flashrna
