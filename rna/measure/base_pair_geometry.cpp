#include "rna/measure/base_pair_geometry.h"

#include <Eigen/Geometry>
#include <cmath>

#include "base/error.h"
#include "rna/ideal_bases.h"

namespace flashrna {
namespace {

// Angle from a to b, positive if the rotation is right-handed about `axis`.
double signed_angle(const Vec3& a, const Vec3& b, const Vec3& axis) {
  return std::atan2(a.cross(b).dot(axis), a.dot(b));
}

// The second base's frame, turned by half a turn about x: its z axis then runs along the first strand.
RigidTransform turned_about_x(const RigidTransform& frame) {
  RigidTransform turned = frame;
  turned.rotation.col(1) = -frame.rotation.col(1);
  turned.rotation.col(2) = -frame.rotation.col(2);
  return turned;
}

}  // namespace

BasePairGeometry base_pair_geometry(const RigidTransform& first, const RigidTransform& second) {
  const RigidTransform other = turned_about_x(second);
  const Vec3 z_first = first.rotation.col(2), z_other = other.rotation.col(2);
  // Each frame is turned by half the angle between the z axes, about the axis perpendicular to both.
  const Vec3 normal = z_other.cross(z_first);
  const double bend = std::atan2(normal.norm(), z_other.dot(z_first));
  const Vec3 hinge = normal.norm() > 1e-12 ? Vec3(normal.normalized()) : Vec3(first.rotation.col(1));
  const Mat3 half = Eigen::AngleAxisd(0.5 * bend, hinge).toRotationMatrix();
  const Mat3 of_first = half.transpose() * first.rotation, of_other = half * other.rotation;

  const Vec3 z = (of_first.col(2) + of_other.col(2)).normalized();
  BasePairGeometry pair;
  pair.opening = signed_angle(of_other.col(1), of_first.col(1), z);
  const Vec3 y = Eigen::AngleAxisd(0.5 * pair.opening, z) * Vec3(of_other.col(1));
  const Vec3 x = y.cross(z);
  const double phase = signed_angle(hinge, y, z);
  pair.propeller = bend * std::cos(phase);
  pair.buckle = bend * std::sin(phase);
  const Vec3 shift = first.translation - other.translation;
  pair.shear = shift.dot(x);
  pair.stretch = shift.dot(y);
  pair.stagger = shift.dot(z);
  return pair;
}

std::optional<BasePairGeometry> base_pair_geometry(const Nucleotide& first, const Nucleotide& second) {
  const auto one = base_frame(first), other = base_frame(second);
  if (!one || !other) return std::nullopt;
  return base_pair_geometry(*one, *other);
}

std::vector<BasePairGeometry> base_pair_geometries(std::span<const Nucleotide> nucleotides,
                                                   std::span<const int> partner) {
  if (nucleotides.size() != partner.size())
    fail("base-pair geometry: {} nucleotides, {} partners", nucleotides.size(), partner.size());
  std::vector<BasePairGeometry> pairs;
  for (std::size_t i = 0; i < partner.size(); ++i) {
    const int j = partner[i];
    if (j <= static_cast<int>(i)) continue;
    if (const auto pair = base_pair_geometry(nucleotides[i], nucleotides[static_cast<std::size_t>(j)]))
      pairs.push_back(*pair);
  }
  return pairs;
}

}  // namespace flashrna
