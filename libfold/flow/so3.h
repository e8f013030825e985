// Rotations as a manifold: exponential, logarithm, geodesics. Rotation vectors are axis times angle in radians, and
// [w]x v = w x v. Everything is differentiable, any device, f32 and f64; leading dimensions are free.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// Rotation of a rotation vector (Rodrigues): [..., 3] -> [..., 3, 3]. Smooth at zero.
at::Tensor so3_exp(const at::Tensor& rotation_vectors);

// Rotation vector, of length at most pi, of a rotation matrix: [..., 3, 3] -> [..., 3]. Accurate to rounding at every
// angle, near pi too, where it goes through the quaternion; at pi itself either sign. Gradients are finite everywhere;
// at the identity they are those of the linear term.
at::Tensor so3_log(const at::Tensor& rotations);

// The published logarithm, wrong by up to 2e-4 rad where the angle is within 0.01 of pi.
at::Tensor so3_log_truncated(const at::Tensor& rotations);

// Rotation vector that takes `from` to `to` in the local frame: log(from^T to). `truncated` picks the logarithm.
at::Tensor rotation_between(const at::Tensor& from, const at::Tensor& to, bool truncated = false);

// Point at `fraction` of the shortest path: from exp(fraction log(from^T to)). `fraction` is broadcast against [...,
// 3].
at::Tensor geodesic(const at::Tensor& from, const at::Tensor& to, const at::Tensor& fraction, bool truncated = false);

}  // namespace flashrna
