// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): a product of a query and a key depends on the
// difference of their residue indices alone.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

struct RotaryAngles {
  at::Tensor cosines, sines;  // [B, L, width / 2]
};

// Angles of residue_index [B, L] i64 at the frequencies 1000^(-2k / width); `width` even. Computed in f64, returned as
// `dtype`. Indices count from each chain's first, so that a constant added to them changes no bit.
RotaryAngles rotary_angles(const at::Tensor& residue_index, int64_t width, at::ScalarType dtype);

// x [B, L, H, width], channels k and k + width / 2 turned as a pair; with `heads_first` x [B, H, L, width].
at::Tensor rotate_by(const RotaryAngles& angles, const at::Tensor& x, bool heads_first = false);

}  // namespace flashrna
