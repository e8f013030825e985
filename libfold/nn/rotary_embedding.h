// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): the product of a query and a key depends only on the
// difference of their residue indices.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

struct RotaryAngles {
  at::Tensor cosines, sines;  // [B, L, width]: of each channel; sines of the first half are negative
};

// Angles of residue_index [B, L] i64 at the frequencies 1000^(-2k / width); `width` even. Computed in f64 and returned
// as `dtype`. Indices are relative to the first of each chain, so that a constant offset does not change any bit.
RotaryAngles rotary_angles(const at::Tensor& residue_index, int64_t width, at::ScalarType dtype);

// x [B, L, H, width], or [B, H, L, width] with `heads_first`. Rotates channels k and k + width / 2 as a pair.
at::Tensor rotate_by(const RotaryAngles& angles, const at::Tensor& x, bool heads_first = false);

}  // namespace flashrna
