// Rotations as a manifold: exponential, logarithm, geodesics. Rotation vectors are axis times angle in radians, and
// [w]x v = w x v. All functions are differentiable, run on any device in f32 and f64, and accept any leading
// dimensions.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// Rotation matrix of a rotation vector (Rodrigues): [..., 3] -> [..., 3, 3]. Smooth at zero.
at::Tensor so3_exp(const at::Tensor& rotation_vectors);

// Rotation vector, of length at most pi, of a rotation matrix: [..., 3, 3] -> [..., 3]. Accurate to rounding at every
// angle; near pi it uses the quaternion. At pi the sign is arbitrary. Gradients are finite everywhere; at the identity
// they are those of the linear term.
at::Tensor so3_log(const at::Tensor& rotations);

// The published logarithm, with errors up to 2e-4 rad where the angle is within 0.01 of pi.
at::Tensor so3_log_truncated(const at::Tensor& rotations);

// Rotation vector from `from` to `to` in the local frame: log(from^T to). `truncated` selects the published logarithm.
at::Tensor rotation_between(const at::Tensor& from, const at::Tensor& to, bool truncated = false);

// Point at `fraction` of the shortest path: from exp(fraction log(from^T to)). `fraction` is broadcast against [...,
// 3].
at::Tensor geodesic(const at::Tensor& from, const at::Tensor& to, const at::Tensor& fraction, bool truncated = false);

}  // namespace flashrna
