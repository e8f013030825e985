#include "rna/superposition.h"

#include <Eigen/LU>
#include <Eigen/SVD>
#include <cmath>

#include "base/error.h"

namespace flashrna {

Superposition superpose(std::span<const Vec3> mobile, std::span<const Vec3> target) {
  if (mobile.size() != target.size() || mobile.empty()) {
    fail("superposition of {} points onto {}: the two sets must have the same number of points, at least one",
         mobile.size(), target.size());
  }
  const Vec3 mobile_center = centroid(mobile);
  const Vec3 target_center = centroid(target);
  Mat3 covariance = Mat3::Zero();
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    covariance += (target[i] - target_center) * (mobile[i] - mobile_center).transpose();
  }
  const Eigen::JacobiSVD<Mat3> svd(covariance, Eigen::ComputeFullU | Eigen::ComputeFullV);
  // Without this sign the best orthogonal matrix can be a reflection.
  const double handedness = (svd.matrixU() * svd.matrixV().transpose()).determinant() < 0 ? -1.0 : 1.0;

  Superposition result;
  result.motion.rotation = svd.matrixU() * Vec3(1.0, 1.0, handedness).asDiagonal() * svd.matrixV().transpose();
  result.motion.translation = target_center - result.motion.rotation * mobile_center;
  // Computed from the distances: the textbook difference of squares loses half the digits near zero.
  double sum = 0.0;
  for (std::size_t i = 0; i < mobile.size(); ++i) sum += (result.motion * mobile[i] - target[i]).squaredNorm();
  result.rmsd = std::sqrt(sum / static_cast<double>(mobile.size()));
  return result;
}

}  // namespace flashrna
