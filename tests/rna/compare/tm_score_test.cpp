#include "rna/compare/tm_score.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <numeric>

#include "base/error.h"
#include "rna/compare/tm_search.h"
#include "rna/superposition.h"
#include "tests/rna/golden_chain.h"
#include "tests/rna/random_points.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

// Compares with US-align's score of given correspondences (tests/data/golden/tm_score_fixed.csv). US-align searches, so
// a higher score is allowed, a lower one is not. `TM_best_found` is from many starts with local refinement.
TEST(TmScore, NoGoldenCorrespondenceScoresLess) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  double seconds = 0.0, their_seconds = 0.0;
  int n = 0, n_best = 0;
  fmt::print("  {:>2} {:>4} {:>14} {:>8} {:>8} {:>8}\n", "id", "L", "perturbation", "US-align", "best", "ours");
  for (const CsvRow& row : read_csv(golden_path("tm_score_fixed.csv"))) {
    const std::vector<Vec3> target = golden_chain(coordinates, row.text("structure1"));
    const std::vector<Vec3> mobile = golden_chain(coordinates, row.text("structure2"));
    const int length = static_cast<int>(row.number("L"));
    ASSERT_EQ(static_cast<int>(mobile.size()), length);
    const auto start = std::chrono::steady_clock::now();
    const TmScore score = tm_score(mobile, target, length);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    their_seconds += row.number("seconds");
    fmt::print("  {:>2} {:>4} {:>14} {:>8.5f} {:>8.5f} {:>8.5f}\n", row.text("id"), length, row.text("perturbation"),
               row.number("TM"), row.number("TM_best_found"), score.value);
    EXPECT_GE(score.value, row.number("TM") - 1e-5) << "row " << row.text("id");
    EXPECT_NEAR(score.rmsd, row.number("rmsd_kabsch_all"), 1e-5) << "row " << row.text("id");
    EXPECT_NEAR(tm_score_scale(length), row.number("d0"), 0.005 + 1e-9);
    ++n;
    n_best += score.value >= row.number("TM_best_found") - 1e-6;
  }
  fmt::print("  {} of {} reach the best known; {:.2f} s, US-align {:.2f} s\n", n_best, n, seconds, their_seconds);
}

TEST(TmScore, AMovedCopyScoresOne) {
  for (const int n : {1, 2, 3, 5, 30, 97}) {
    const std::vector<Vec3> points = random_points(n, 15.0, 4);
    const TmScore score = tm_score(points, moved(points, random_motion(3)), n);
    EXPECT_NEAR(score.value, 1.0, 1e-12) << n;
    EXPECT_LE(score.rmsd, 1e-9);
  }
}

TEST(TmScore, TheLengthIsDivisorAndScale) {
  const std::vector<Vec3> target = random_points(60, 15.0, 4);
  std::vector<Vec3> mobile = target;
  mobile[7] += Vec3(500.0, 0.0, 0.0);  // too far to contribute
  EXPECT_NEAR(tm_score(mobile, target, 60).value, 59.0 / 60.0, 1e-4);
  EXPECT_NEAR(tm_score(mobile, target, 120).value, 59.0 / 120.0, 1e-4);
  EXPECT_DOUBLE_EQ(tm_score_scale(30), 0.6 * std::sqrt(29.5) - 2.5);
  EXPECT_EQ(tm_score_scale(29), 0.7);
  EXPECT_EQ(tm_score_scale(23), 0.6);
  EXPECT_EQ(tm_score_scale(19), 0.5);
  EXPECT_EQ(tm_score_scale(15), 0.4);
  EXPECT_EQ(tm_score_scale(11), 0.3);
}

TEST(TmScore, ValueIsThatOfItsMotion) {
  const std::vector<Vec3> target = random_points(40, 10.0, 1);
  std::vector<Vec3> mobile = moved(target, random_motion(8));
  const std::vector<Vec3> noise = random_points(40, 2.0, 2);
  for (std::size_t i = 0; i < mobile.size(); ++i) mobile[i] += noise[i];
  const TmScore score = tm_score(mobile, target, 50);
  const double d0 = tm_score_scale(50);
  double sum = 0.0;
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    const double d = (score.motion * mobile[i] - target[i]).norm();
    sum += 1.0 / (1.0 + d * d / (d0 * d0));
  }
  EXPECT_NEAR(score.value, sum / 50.0, 1e-12);
}

TEST(TmScore, RigidMotionsChangeNothing) {
  const std::vector<Vec3> target = random_points(40, 10.0, 1);
  std::vector<Vec3> mobile = target;
  const std::vector<Vec3> noise = random_points(40, 1.0, 2);
  for (std::size_t i = 0; i < mobile.size(); ++i) mobile[i] += noise[i];
  const double before = tm_score(mobile, target, 40).value;
  EXPECT_NEAR(tm_score(moved(mobile, random_motion(6)), moved(target, random_motion(7)), 40).value, before, 1e-9);
}

TEST(TmScore, ClimbingNeverDescendsAndEndsAtAMaximum) {
  const std::vector<Vec3> target = random_points(60, 12.0, 1);
  std::vector<Vec3> mobile = target;
  const std::vector<Vec3> noise = random_points(60, 3.0, 2);
  for (std::size_t i = 0; i < mobile.size(); ++i) mobile[i] += noise[i];
  const PairedPoints pairs(mobile, target);
  ScoredMotion at{0.0, {}};
  at.motion.translation = Vec3(1.0, -1.0, 0.5);
  double previous = 0.0;
  for (int step = 0; step < 200; ++step) {
    at = climb(pairs, at.motion, 2.0, 1, 0.0);
    EXPECT_GE(at.sum, previous - 1e-12);
    previous = at.sum;
  }
  for (int axis = 0; axis < 3; ++axis) {
    for (const double step : {-1e-3, 1e-3}) {
      RigidTransform other = at.motion;
      other.rotation = Eigen::AngleAxisd(step, Vec3::Unit(axis)) * other.rotation;
      EXPECT_LE(climb(pairs, other, 2.0, 0, 0.0).sum, at.sum + 1e-9);
      other = at.motion;
      other.translation[axis] += step;
      EXPECT_LE(climb(pairs, other, 2.0, 0, 0.0).sum, at.sum + 1e-9);
    }
  }
}

TEST(TmScore, BadInputIsRefused) {
  const std::vector<Vec3> three = random_points(3, 1.0, 1);
  const std::vector<Vec3> four = random_points(4, 1.0, 1);
  EXPECT_THROW(tm_score(three, four, 3), Error);
  EXPECT_THROW(tm_score({}, {}, 3), Error);
  EXPECT_THROW(tm_score(three, three, 0), Error);
}

}  // namespace
}  // namespace flashrna
