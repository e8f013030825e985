#include "rna/frame.h"

#include <Eigen/Geometry>
#include <cmath>

#include "base/error.h"

namespace flashrna {
namespace {

Vec3 normalized_as_published(const Vec3& v) { return v / std::sqrt(v.squaredNorm() + 1e-8); }

constexpr double kLeastExtent = 0.1;  // Å

}  // namespace

bool spans_frame(const Vec3& c3, const Vec3& c4, const Vec3& o4) {
  const double length = (o4 - c4).norm();
  if (!(length >= kLeastExtent)) return false;  // also rejects coordinates that are NaN
  return (o4 - c4).cross(c3 - c4).norm() >= kLeastExtent * length;
}

RigidTransform frame_from_atoms(const Vec3& c3, const Vec3& c4, const Vec3& o4) {
  const Vec3 x = normalized_as_published(o4 - c4);
  const Vec3 to_c3 = c3 - c4;
  const Vec3 y = normalized_as_published(to_c3 - x * x.dot(to_c3));
  RigidTransform frame;
  frame.rotation << x, y, x.cross(y);
  frame.translation = c4;
  return frame;
}

RigidTransform frame_of(const Nucleotide& nucleotide) {
  if (!nucleotide.has_frame()) {
    fail("nucleotide {} {}: no frame, because C3', C4' or O4' is missing or the three lie on one line; leave it out",
         nucleotide.name, nucleotide.seq_id);
  }
  return frame_from_atoms(nucleotide.atoms[kC3], nucleotide.atoms[kC4], nucleotide.atoms[kO4]);
}

}  // namespace flashrna
