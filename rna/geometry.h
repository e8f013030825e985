// Vectors, rotations and the elementary measures of molecular geometry. Lengths in Å, angles in radians.
#pragma once

#include <Eigen/Core>
#include <span>

namespace flashrna {

using Vec3 = Eigen::Vector3d;
using Mat3 = Eigen::Matrix3d;

// x_global = rotation * x_local + translation; the columns of `rotation` are the local axes.
struct RigidTransform {
  Mat3 rotation = Mat3::Identity();
  Vec3 translation = Vec3::Zero();

  Vec3 operator*(const Vec3& local) const { return rotation * local + translation; }
};

// Angle at b, in [0, π]; NaN if a or c coincides with b.
double angle(const Vec3& a, const Vec3& b, const Vec3& c);

// Torsion about b-c with the IUPAC sign, in (-π, π]; NaN if three successive points are exactly collinear.
double dihedral(const Vec3& a, const Vec3& b, const Vec3& c, const Vec3& d);

// Equal masses. Both throw Error if there are no points.
Vec3 centroid(std::span<const Vec3> points);
double radius_of_gyration(std::span<const Vec3> points);

}  // namespace flashrna
