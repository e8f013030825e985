#include "rna/superposition.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <cmath>
#include <iostream>
#include <random>
#include <vector>

#include "base/error.h"
#include "rna/compare/superposition_sums.h"
#include "tests/rna/random_points.h"

namespace flashrna {
namespace {

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

// Compares the fast version with the plain one in cases that are ill-conditioned for a quartic: lines, planes, single
// points, exact copies, mirror images.
TEST(SuperpositionSums, MotionsAreAsGoodAsThePlainOnes) {
  double worst = 0.0;
  for (int n : {1, 2, 3, 4, 10, 400}) {
    for (int flat = 0; flat < 3; ++flat) {
      for (const double noise : {0.0, 1e-3, 1.0, 30.0}) {
        for (const bool mirrored : {false, true}) {
          std::vector<Vec3> mobile = random_points(n, 10.0, 100 + static_cast<std::uint64_t>(n));
          for (Vec3& point : mobile) {
            if (flat >= 1) point.z() = 0.0;
            if (flat >= 2) point.y() = 0.0;
          }
          RigidTransform motion = random_motion(static_cast<std::uint64_t>(n) + 31);
          motion.translation *= 0.1;
          std::vector<Vec3> target = moved(mobile, motion);
          const std::vector<Vec3> shifts = random_points(n, noise, 5);
          SuperpositionSums sums;
          for (std::size_t i = 0; i < target.size(); ++i) {
            target[i] += shifts[i];
            if (mirrored) target[i].x() = -target[i].x();
            sums.add(mobile[i], target[i]);
          }
          double least_squares = 0.0;
          const RigidTransform found = sums.motion(&least_squares);
          EXPECT_LE((found.rotation * found.rotation.transpose() - Mat3::Identity()).norm(), 1e-12);
          EXPECT_NEAR(found.rotation.determinant(), 1.0, 1e-12);
          double sum = 0.0;
          for (std::size_t i = 0; i < target.size(); ++i) sum += (found * mobile[i] - target[i]).squaredNorm();
          const double rmsd = std::sqrt(sum / n);
          const double excess = rmsd - superpose(mobile, target).rmsd;
          worst = std::max(worst, excess);
          EXPECT_LE(excess, 1e-7) << n << " points, flat " << flat << ", noise " << noise << ", mirrored " << mirrored;
          // Points on a line make the largest eigenvalue a double root, accurate to the square root of the rounding
          // error.
          EXPECT_NEAR(least_squares, sum, 3e-8 * (1.0 + sums.squares));
        }
      }
    }
  }
  std::cout << "  largest excess of rmsd " << worst << " Å\n";
}

TEST(SuperpositionSums, AWeightIsThatManyPairs) {
  const std::vector<Vec3> mobile = random_points(20, 10.0, 1);
  const std::vector<Vec3> target = random_points(20, 10.0, 2);
  SuperpositionSums weighted, repeated;
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    weighted.add(mobile[i], target[i], 1.0 + static_cast<double>(i % 3));
    for (std::size_t k = 0; k <= i % 3; ++k) repeated.add(mobile[i], target[i]);
  }
  EXPECT_LE((weighted.motion().rotation - repeated.motion().rotation).norm(), 1e-12);
}

TEST(SuperpositionSums, AStretchIsTheDifferenceOfItsEnds) {
  const std::vector<Vec3> mobile = random_points(50, 10.0, 1);
  const std::vector<Vec3> target = random_points(50, 10.0, 2);
  SuperpositionSums all, head, stretch;
  for (std::size_t i = 0; i < 50; ++i) {
    all.add(mobile[i], target[i]);
    (i < 20 ? head : stretch).add(mobile[i], target[i]);
  }
  all -= head;
  EXPECT_LE((all.motion().rotation - stretch.motion().rotation).norm(), 1e-12);
}

TEST(Superposition, DifferentNumbersOfPointsAreRefused) {
  const std::vector<Vec3> three = random_points(3, 1.0, 1);
  const std::vector<Vec3> four = random_points(4, 1.0, 1);
  EXPECT_THROW(superpose(three, four), Error);
  EXPECT_THROW(superpose({}, {}), Error);
}

}  // namespace
}  // namespace flashrna
