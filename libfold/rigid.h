// Rigid motions on tensors.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// x_global = rotations x_local + translations; the columns of a rotation are the local axes.
struct Frames {
  at::Tensor rotations;     // [..., 3, 3]
  at::Tensor translations;  // [..., 3]
};

// The frame that applies `second` first, then `first`.
Frames compose(const Frames& first, const Frames& second);

// The rotation nearest in the first column, then in the second, to a matrix that is nearly one (Gram-Schmidt): [..., 3,
// 3]
// -> [..., 3, 3].
at::Tensor rotation_from_columns(const at::Tensor& matrix);

// Rotation of the quaternion (w, x, y, z), which need not be normalized: [..., 4] -> [..., 3, 3].
at::Tensor rotation_from_quaternion(const at::Tensor& quaternion);

}  // namespace flashrna
