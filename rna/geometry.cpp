#include "rna/geometry.h"

#include <Eigen/Geometry>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double angle(const Vec3& a, const Vec3& b, const Vec3& c) {
  const Vec3 to_a = a - b;
  const Vec3 to_c = c - b;
  if (to_a.isZero(0.0) || to_c.isZero(0.0)) return kUndefined;
  // acos of the dot product would lose half the digits near 0 and π.
  return std::atan2(to_a.cross(to_c).norm(), to_a.dot(to_c));
}

double dihedral(const Vec3& a, const Vec3& b, const Vec3& c, const Vec3& d) {
  const Vec3 axis = c - b;
  const Vec3 normal_abc = (b - a).cross(axis);
  const Vec3 normal_bcd = axis.cross(d - c);
  if (normal_abc.isZero(0.0) || normal_bcd.isZero(0.0)) return kUndefined;
  return std::atan2(normal_abc.cross(normal_bcd).dot(axis.normalized()), normal_abc.dot(normal_bcd));
}

Vec3 centroid(std::span<const Vec3> points) {
  if (points.empty()) fail("the centroid of no points is not defined; at least one is needed");
  Vec3 sum = Vec3::Zero();
  for (const Vec3& point : points) sum += point;
  return sum / static_cast<double>(points.size());
}

double radius_of_gyration(std::span<const Vec3> points) {
  const Vec3 center = centroid(points);
  double sum = 0.0;
  for (const Vec3& point : points) sum += (point - center).squaredNorm();
  return std::sqrt(sum / static_cast<double>(points.size()));
}

}  // namespace flashrna
