// Random points and motions for tests of superposition and of algorithms based on it.
#pragma once

#include <Eigen/Geometry>
#include <random>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

inline std::vector<Vec3> random_points(int count, double scale, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal(0.0, scale);
  std::vector<Vec3> points;
  for (int i = 0; i < count; ++i) points.emplace_back(normal(generator), normal(generator), normal(generator));
  return points;
}

inline RigidTransform random_motion(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  RigidTransform motion;
  motion.rotation = Eigen::Quaterniond(normal(generator), normal(generator), normal(generator), normal(generator))
                        .normalized()
                        .toRotationMatrix();
  motion.translation = 100.0 * Vec3(normal(generator), normal(generator), normal(generator));
  return motion;
}

inline std::vector<Vec3> moved(const std::vector<Vec3>& points, const RigidTransform& motion) {
  std::vector<Vec3> result;
  for (const Vec3& point : points) result.push_back(motion * point);
  return result;
}

}  // namespace flashrna
