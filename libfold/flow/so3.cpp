#include "libfold/flow/so3.h"

#include <numbers>
#include <vector>

namespace flashrna {
namespace {

using at::Tensor;

Tensor entry(const Tensor& matrices, int64_t i, int64_t j) { return matrices.select(-2, i).select(-1, j); }

// Axial vector of R - R^T: 2 sin(angle) times the axis. [..., 3, 3] -> [..., 3]
Tensor axial_vector(const Tensor& r) {
  return at::stack({entry(r, 2, 1) - entry(r, 1, 2), entry(r, 0, 2) - entry(r, 2, 0), entry(r, 1, 0) - entry(r, 0, 1)},
                   -1);
}

// [..., 3] -> [..., 3, 3], the matrix of v -> w x v.
Tensor cross_matrix(const Tensor& w) {
  const Tensor x = w.select(-1, 0), y = w.select(-1, 1), z = w.select(-1, 2), zero = at::zeros_like(x);
  return at::stack({zero, -z, y, z, zero, -x, -y, x, zero}, -1).unflatten(-1, {3, 3});
}

// Unit quaternions (w, x, y, z), of either sign: [..., 3, 3] -> [..., 4]. The matrix 4 q q^T is linear in R. Its column
// through the largest diagonal entry has a norm of at least 2, so normalizing it is accurate at any angle.
Tensor quaternion_from_rotation(const Tensor& r) {
  const Tensor xx = entry(r, 0, 0), yy = entry(r, 1, 1), zz = entry(r, 2, 2);
  const Tensor axial = axial_vector(r);
  const Tensor wx = axial.select(-1, 0), wy = axial.select(-1, 1), wz = axial.select(-1, 2);
  const Tensor xy = entry(r, 0, 1) + entry(r, 1, 0), xz = entry(r, 0, 2) + entry(r, 2, 0),
               yz = entry(r, 1, 2) + entry(r, 2, 1);
  const Tensor product = at::stack({1 + xx + yy + zz, wx, wy, wz,   //
                                    wx, 1 + xx - yy - zz, xy, xz,   //
                                    wy, xy, 1 - xx + yy - zz, yz,   //
                                    wz, xz, yz, 1 - xx - yy + zz},  //
                                   -1)
                             .unflatten(-1, {4, 4});
  const Tensor largest =
      product.detach().diagonal(0, -2, -1).argmax(-1, /*keepdim=*/true).unsqueeze(-2);  // [..., 1, 1]
  std::vector<int64_t> row(product.sizes().begin(), product.sizes().end());
  row[row.size() - 2] = 1;
  const Tensor column = product.gather(-2, largest.expand(row)).squeeze(-2);  // the matrix is symmetric
  return column / column.square().sum(-1, /*keepdim=*/true).sqrt();
}

}  // namespace

Tensor so3_exp(const Tensor& rotation_vectors) {
  const Tensor squared = rotation_vectors.square().sum(-1, /*keepdim=*/true).unsqueeze(-1);  // [..., 1, 1]
  // Below 1e-4, the next terms of the series, angle^4 / 120 and / 720, are below rounding. The other branch then gets
  // an angle of 1, so that its unused gradient is finite.
  const Tensor small = squared < 1e-8;
  const Tensor angle = at::where(small, at::ones_like(squared), squared).sqrt();
  const Tensor half_sine = (angle / 2).sin();
  const Tensor sine_factor = at::where(small, 1 - squared / 6, angle.sin() / angle);
  const Tensor cosine_factor = at::where(small, 0.5 - squared / 24, 2 * half_sine.square() / angle.square());
  const Tensor cross = cross_matrix(rotation_vectors);
  return at::eye(3, rotation_vectors.options()) + sine_factor * cross + cosine_factor * at::matmul(cross, cross);
}

Tensor so3_log(const Tensor& rotations) {
  const Tensor quaternion = quaternion_from_rotation(rotations);
  const Tensor scalar = quaternion.narrow(-1, 0, 1);
  const Tensor flip = at::where(scalar < 0, -at::ones_like(scalar), at::ones_like(scalar));
  const Tensor w = scalar * flip, vector = quaternion.narrow(-1, 1, 3) * flip;  // now angle <= pi
  const Tensor squared = vector.square().sum(-1, /*keepdim=*/true);
  const Tensor small = squared < 1e-8;
  const Tensor sine = at::where(small, at::ones_like(squared), squared).sqrt();  // of half the angle
  // asin(s) / s = 1 + s^2/6 + ... for small angles, where w is close to 1.
  const Tensor factor = at::where(small, 2 + squared / 3, 2 * at::atan2(sine, w) / sine);
  return factor * vector;
}

Tensor so3_log_truncated(const Tensor& rotations) {
  const Tensor axial = axial_vector(rotations);
  const Tensor trace = entry(rotations, 0, 0) + entry(rotations, 1, 1) + entry(rotations, 2, 2);
  const Tensor squared_sine = axial.square().sum(-1) / 4;
  // The square root has no derivative at zero. A half turn and the identity get zero gradient through the angle.
  const Tensor turned = squared_sine > 0;
  const Tensor sine = at::where(turned, squared_sine, at::ones_like(squared_sine)).sqrt() * turned;
  const Tensor angle = at::atan2(sine, (trace - 1) / 2).unsqueeze(-1);  // [..., 1]

  const Tensor near_zero = angle <= 1e-8;
  const Tensor near_pi = (angle - std::numbers::pi).abs() <= 1e-2 + 1e-5 * std::numbers::pi;
  const Tensor safe_sine = at::where(near_zero | near_pi, at::ones_like(angle), sine.unsqueeze(-1));
  const Tensor regular = axial * at::where(near_zero, at::full_like(angle, 0.5), angle / (2 * safe_sine));

  // At a half turn, (1 + R) / 2 is the outer product of the axis with itself.
  const Tensor symmetric = (at::eye(3, rotations.options()) + rotations) / 2;
  const Tensor diagonal = symmetric.diagonal(0, -2, -1);
  const Tensor positive = near_pi & (diagonal > 0);
  const Tensor magnitude = at::where(positive, diagonal, at::ones_like(diagonal)).sqrt() * positive;
  const Tensor clipped = symmetric - at::diag_embed(diagonal.clamp_max(0));
  const Tensor longest = clipped.square().sum(-1).argmax(-1, /*keepdim=*/true);  // [..., 1]
  std::vector<int64_t> row(clipped.sizes().begin(), clipped.sizes().end());
  row[row.size() - 2] = 1;
  const Tensor signs = clipped.gather(-2, longest.unsqueeze(-1).expand(row)).squeeze(-2).sign().detach();
  return at::where(near_pi, magnitude * angle * signs, regular);
}

Tensor rotation_between(const Tensor& from, const Tensor& to, bool truncated) {
  const Tensor relative = at::matmul(from.transpose(-1, -2), to);
  return truncated ? so3_log_truncated(relative) : so3_log(relative);
}

Tensor geodesic(const Tensor& from, const Tensor& to, const Tensor& fraction, bool truncated) {
  return at::matmul(from, so3_exp(fraction * rotation_between(from, to, truncated)));
}

}  // namespace flashrna
