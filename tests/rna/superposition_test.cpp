#include "rna/superposition.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <cmath>
#include <iostream>
#include <random>
#include <vector>

#include "rna/error.h"

namespace flashrna {
namespace {

std::vector<Vec3> random_points(int count, double scale, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal(0.0, scale);
  std::vector<Vec3> points;
  for (int i = 0; i < count; ++i) points.emplace_back(normal(generator), normal(generator), normal(generator));
  return points;
}

RigidTransform random_motion(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  RigidTransform motion;
  motion.rotation = Eigen::Quaterniond(normal(generator), normal(generator), normal(generator), normal(generator))
                        .normalized()
                        .toRotationMatrix();
  motion.translation = 100.0 * Vec3(normal(generator), normal(generator), normal(generator));
  return motion;
}

std::vector<Vec3> moved(const std::vector<Vec3>& points, const RigidTransform& motion) {
  std::vector<Vec3> result;
  for (const Vec3& point : points) result.push_back(motion * point);
  return result;
}

class SuperpositionOfPoints : public testing::TestWithParam<int> {};

TEST_P(SuperpositionOfPoints, FindsTheMotionThatWasApplied) {
  const std::vector<Vec3> mobile = random_points(GetParam(), 20.0, 7);
  const RigidTransform motion = random_motion(11);
  const Superposition found = superpose(mobile, moved(mobile, motion));
  std::cout << "  " << GetParam() << " points: rmsd " << found.rmsd << " Å\n";
  EXPECT_LE(found.rmsd, 1e-11);
  EXPECT_NEAR(found.motion.rotation.determinant(), 1.0, 1e-12);
  if (GetParam() >= 3) {
    EXPECT_LE((found.motion.rotation - motion.rotation).cwiseAbs().maxCoeff(), 1e-11);
    EXPECT_LE((found.motion.translation - motion.translation).cwiseAbs().maxCoeff(), 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SuperpositionOfPoints, testing::Values(1, 2, 3, 4, 97, 1025));

TEST(Superposition, MirrorImageIsNotReachedByAReflection) {
  const std::vector<Vec3> mobile = random_points(50, 10.0, 3);
  std::vector<Vec3> mirrored = mobile;
  for (Vec3& point : mirrored) point.x() = -point.x();
  const Superposition found = superpose(mobile, mirrored);
  EXPECT_NEAR(found.motion.rotation.determinant(), 1.0, 1e-12);
  EXPECT_GT(found.rmsd, 1.0);
}

TEST(Superposition, NoOtherMotionIsBetter) {
  const std::vector<Vec3> mobile = random_points(40, 10.0, 5);
  std::vector<Vec3> target = moved(mobile, random_motion(2));
  const std::vector<Vec3> noise = random_points(40, 1.0, 6);
  for (std::size_t i = 0; i < target.size(); ++i) target[i] += noise[i];
  const Superposition best = superpose(mobile, target);
  std::mt19937_64 generator(9);
  std::normal_distribution<double> normal(0.0, 1e-3);
  for (int trial = 0; trial < 200; ++trial) {
    RigidTransform other = best.motion;
    const Vec3 turn(normal(generator), normal(generator), normal(generator));
    other.rotation = Eigen::AngleAxisd(turn.norm(), turn.normalized()) * other.rotation;
    other.translation += Vec3(normal(generator), normal(generator), normal(generator));
    double sum = 0.0;
    for (std::size_t i = 0; i < mobile.size(); ++i) sum += (other * mobile[i] - target[i]).squaredNorm();
    EXPECT_GE(std::sqrt(sum / 40.0), best.rmsd - 1e-12);
  }
}

TEST(Superposition, DifferentNumbersOfPointsAreRefused) {
  const std::vector<Vec3> three = random_points(3, 1.0, 1);
  const std::vector<Vec3> four = random_points(4, 1.0, 1);
  EXPECT_THROW(superpose(three, four), Error);
  EXPECT_THROW(superpose({}, {}), Error);
}

}  // namespace
}  // namespace flashrna
