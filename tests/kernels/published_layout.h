// FlashIPA as published (arXiv:2505.11580): points, squared norms and ones of every point beside the scalars, in global
// coordinates and all in bf16, through FlashAttention-2. Emulated to compare its rounding with ours.
#pragma once

#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna {

// Scalars and points of the chosen rows of a batch of one sequence, all with pair bias; sums are f32 and rounded to
// nearest, which favors it.
void emulate_published_layout(const fused_ipa::Arguments& in, const std::vector<int>& rows,
                              const fused_ipa::Outputs& out);

}  // namespace flashrna
