#include "rna/compare/superposition_sums.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>

namespace flashrna {
namespace {

using Mat4 = Eigen::Matrix4d;
using Quaternion = Eigen::Vector4d;  // w, x, y, z

// The quadratic form whose maximum over unit quaternions is the largest sum of (R x).y.
Mat4 quadratic_form(const Mat3& s) {
  Mat4 k;
  k(0, 0) = s(0, 0) + s(1, 1) + s(2, 2);
  k(1, 1) = s(0, 0) - s(1, 1) - s(2, 2);
  k(2, 2) = -s(0, 0) + s(1, 1) - s(2, 2);
  k(3, 3) = -s(0, 0) - s(1, 1) + s(2, 2);
  k(0, 1) = k(1, 0) = s(1, 2) - s(2, 1);
  k(0, 2) = k(2, 0) = s(2, 0) - s(0, 2);
  k(0, 3) = k(3, 0) = s(0, 1) - s(1, 0);
  k(1, 2) = k(2, 1) = s(0, 1) + s(1, 0);
  k(1, 3) = k(3, 1) = s(2, 0) + s(0, 2);
  k(2, 3) = k(3, 2) = s(1, 2) + s(2, 1);
  return k;
}

// Newton's method from above: the characteristic polynomial is convex there, so it converges to the largest root.
double largest_eigenvalue(const Mat3& s, const Mat4& k, double upper_bound) {
  const double c2 = -2.0 * s.squaredNorm();
  const double c1 = -8.0 * s.determinant();
  const double c0 = k.determinant();
  double value = upper_bound;
  for (int step = 0; step < 50; ++step) {
    const double square = value * value;
    const double polynomial = (square + c2) * square + c1 * value + c0;
    const double slope = 4.0 * square * value + 2.0 * c2 * value + c1;
    if (!(slope > 0.0)) break;
    const double change = polynomial / slope;
    value -= change;
    if (std::abs(change) <= 1e-14 * upper_bound) break;
  }
  return value;
}

// Row `r` of the cofactors of a symmetric matrix. For a singular matrix it is an eigenvector of eigenvalue zero, or
// zero.
Quaternion cofactors(const Mat4& a, int r) {
  std::array<int, 3> rows{};
  for (int i = 0, n = 0; i < 4; ++i) {
    if (i != r) rows[static_cast<std::size_t>(n++)] = i;
  }
  const int p = rows[0], q = rows[1], u = rows[2];
  const auto minor = [&](int i, int j, int k) {
    return a(p, i) * (a(q, j) * a(u, k) - a(q, k) * a(u, j)) - a(p, j) * (a(q, i) * a(u, k) - a(q, k) * a(u, i)) +
           a(p, k) * (a(q, i) * a(u, j) - a(q, j) * a(u, i));
  };
  Quaternion c(minor(1, 2, 3), -minor(0, 2, 3), minor(0, 1, 3), -minor(0, 1, 2));
  return r % 2 == 0 ? c : -c;
}

// Unit eigenvector of the largest eigenvalue. Scaled so that the largest eigenvalue is at most 1.
Quaternion top_eigenvector(const Mat4& k, double eigenvalue) {
  const Mat4 singular = k - eigenvalue * Mat4::Identity();
  for (int r = 0; r < 4; ++r) {
    const Quaternion candidate = cofactors(singular, r);
    const double norm = candidate.norm();
    if (norm > 1e-5) return candidate / norm;
  }
  // Two eigenvalues are nearly equal: few points, or collinear points.
  return Eigen::SelfAdjointEigenSolver<Mat4>(k).eigenvectors().col(3);
}

Mat3 rotation_of(const Quaternion& q) {
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  Mat3 r;
  r << w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),  //
      2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),   //
      2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z;
  return r;
}

}  // namespace

SuperpositionSums& SuperpositionSums::operator+=(const SuperpositionSums& other) {
  weight += other.weight;
  mobile += other.mobile;
  target += other.target;
  cross += other.cross;
  squares += other.squares;
  return *this;
}

SuperpositionSums& SuperpositionSums::operator-=(const SuperpositionSums& other) {
  weight -= other.weight;
  mobile -= other.mobile;
  target -= other.target;
  cross -= other.cross;
  squares -= other.squares;
  return *this;
}

RigidTransform SuperpositionSums::motion(double* least_squares) const {
  const Vec3 mobile_center = mobile / weight;
  const Vec3 target_center = target / weight;
  const Mat3 covariance = cross - mobile * target_center.transpose();
  const double spread = squares - mobile.dot(mobile_center) - target.dot(target_center);  // of both, centered
  RigidTransform result;
  double eigenvalue = 0.0;
  if (spread > 0.0) {
    const double scale = 2.0 / spread;
    const Mat3 scaled = scale * covariance;
    const Mat4 form = quadratic_form(scaled);
    eigenvalue = largest_eigenvalue(scaled, form, 1.0) / scale;
    result.rotation = rotation_of(top_eigenvector(form, scale * eigenvalue));
  }
  result.translation = target_center - result.rotation * mobile_center;
  if (least_squares != nullptr) *least_squares = std::max(0.0, spread - 2.0 * eigenvalue);
  return result;
}

}  // namespace flashrna
