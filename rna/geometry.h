// Vectors, rotations and the elementary measures of molecular geometry. Lengths in Å, angles in radians.
#pragma once

#include <Eigen/Core>

namespace flashrna {

using Vec3 = Eigen::Vector3d;
using Mat3 = Eigen::Matrix3d;

// x_global = rotation * x_local + translation; the columns of `rotation` are the local axes.
struct RigidTransform {
  Mat3 rotation = Mat3::Identity();
  Vec3 translation = Vec3::Zero();

  Vec3 operator*(const Vec3& local) const { return rotation * local + translation; }
};

}  // namespace flashrna
