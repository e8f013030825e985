#include "rna/compare/structure_alignment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/error.h"
#include "rna/compare/nearest_residue_grid.h"
#include "rna/compare/rising_chain.h"
#include "tests/rna/golden_chain.h"
#include "tests/rna/random_points.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

// Compares with US-align's sequence-independent alignments (tests/data/golden/tm_score_pairs.csv). Both programs
// search, so either may find the higher score.
TEST(StructureAlignment, GoldenPairsScoreAsHighAsByUsAlign) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  double seconds = 0.0, their_seconds = 0.0, sum = 0.0, lowest = 1.0;
  int n = 0, n_low = 0;
  fmt::print("  {:>2} {:>16} {:>4} {:>4} {:>7} {:>7} {:>8} {:>7} {:>7} {:>8} {:>7}\n", "id", "kind", "L1", "L2",
             "US TM1", "TM1", "", "US TM2", "TM2", "", "ms");
  for (const CsvRow& row : read_csv(golden_path("tm_score_pairs.csv"))) {
    const std::vector<Vec3> mobile = golden_chain(coordinates, row.text("structure1"));
    const std::vector<Vec3> target = golden_chain(coordinates, row.text("structure2"));
    const auto start = std::chrono::steady_clock::now();
    const StructureAlignments alignments = align_structures(mobile, target);
    const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double tm1 = alignments.by_mobile.score.value, tm2 = alignments.by_target.score.value;
    const double difference1 = tm1 - row.number("TM1"), difference2 = tm2 - row.number("TM2");
    fmt::print("  {:>2} {:>16} {:>4} {:>4} {:>7.5f} {:>7.5f} {:>+8.5f} {:>7.5f} {:>7.5f} {:>+8.5f} {:>7.1f}\n",
               row.text("id"), row.text("kind"), mobile.size(), target.size(), row.number("TM1"), tm1, difference1,
               row.number("TM2"), tm2, difference2, 1e3 * spent);
    EXPECT_GE(std::min(difference1, difference2), -0.03) << "row " << row.text("id");
    seconds += spent;
    their_seconds += row.number("seconds");
    lowest = std::min({lowest, difference1, difference2});
    sum += difference1 + difference2;
    n_low += (difference1 < -0.005) + (difference2 < -0.005);
    n += 2;
  }
  fmt::print(
      "  {} scores: {} lower by more than 0.005, lowest difference {:.5f}, mean difference {:.5f}; {:.2f} s, US-align "
      "{:.2f} s\n",
      n, n_low, lowest, sum / n, seconds, their_seconds);
  EXPECT_LE(n_low, n / 20);
  EXPECT_GE(sum / n, -0.001);
}

TEST(StructureAlignment, AMovedCopyAlignsWithItself) {
  for (const int n : {1, 2, 3, 5, 8, 9, 40}) {
    const std::vector<Vec3> points = random_points(n, 15.0, 4);
    const StructureAlignments alignments = align_structures(points, moved(points, random_motion(3)));
    EXPECT_NEAR(alignments.by_mobile.score.value, 1.0, 1e-9) << n;
    ASSERT_EQ(alignments.by_target.pairs.size(), points.size());
    for (int i = 0; i < n; ++i) EXPECT_EQ(alignments.by_mobile.pairs[static_cast<std::size_t>(i)], std::pair(i, i));
  }
}

TEST(StructureAlignment, AFragmentFindsItsPlace) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  const std::vector<Vec3> target = golden_chain(coordinates, "6uet_rna_A");
  const std::vector<Vec3> part(target.begin() + 41, target.begin() + 91);
  const StructureAlignments alignments = align_structures(moved(part, random_motion(5)), target);
  EXPECT_NEAR(alignments.by_mobile.score.value, 1.0, 1e-9);
  EXPECT_NEAR(alignments.by_target.score.value, 50.0 / 119.0, 1e-9);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(alignments.by_mobile.pairs[static_cast<std::size_t>(i)], std::pair(i, i + 41));
}

// Seven residues deleted in the middle: the alignment continues after them.
TEST(StructureAlignment, AnInsertionIsAGap) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  const std::vector<Vec3> target = golden_chain(coordinates, "7kvv_rna_D");
  std::vector<Vec3> mobile = target;
  mobile.erase(mobile.begin() + 30, mobile.begin() + 37);
  const StructureAlignments alignments = align_structures(mobile, target);
  EXPECT_NEAR(alignments.by_mobile.score.value, 1.0, 1e-9);
  for (const auto& [i, j] : alignments.by_mobile.pairs) EXPECT_EQ(j, i < 30 ? i : i + 7);
}

TEST(StructureAlignment, PairsRiseAndTheirScoreIsAsGiven) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  const std::vector<Vec3> mobile = golden_chain(coordinates, "6dmd_rna_B");
  const std::vector<Vec3> target = golden_chain(coordinates, "5z71_rna_B");
  const StructureAlignments alignments = align_structures(mobile, target);
  for (const auto& [alignment, length] : {std::pair{alignments.by_mobile, static_cast<int>(mobile.size())},
                                          std::pair{alignments.by_target, static_cast<int>(target.size())}}) {
    std::vector<Vec3> a, b;
    for (std::size_t k = 0; k < alignment.pairs.size(); ++k) {
      if (k > 0) {
        EXPECT_GT(alignment.pairs[k].first, alignment.pairs[k - 1].first);
        EXPECT_GT(alignment.pairs[k].second, alignment.pairs[k - 1].second);
      }
      a.push_back(mobile[static_cast<std::size_t>(alignment.pairs[k].first)]);
      b.push_back(target[static_cast<std::size_t>(alignment.pairs[k].second)]);
    }
    EXPECT_NEAR(tm_score_at(a, b, length, alignment.score.motion), alignment.score.value, 1e-12);
  }
}

TEST(StructureAlignment, OrderOfTheChainsMattersAndMirrorImagesAreNotTheSame) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  const std::vector<Vec3> target = golden_chain(coordinates, "7kvv_rna_D");
  std::vector<Vec3> reversed(target.rbegin(), target.rend());
  std::vector<Vec3> mirrored = target;
  for (Vec3& point : mirrored) point.z() = -point.z();
  EXPECT_LT(align_structures(reversed, target).by_target.score.value, 0.5);
  EXPECT_LT(align_structures(mirrored, target).by_target.score.value, 0.5);
}

TEST(StructureAlignment, BadInputIsRefused) {
  const std::vector<Vec3> three = random_points(3, 5.0, 1);
  std::vector<Vec3> bad = three;
  EXPECT_THROW(align_structures({}, three), Error);
  EXPECT_THROW(align_structures(three, {}), Error);
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity(), 1e7}) {
    bad[1].y() = value;
    EXPECT_THROW(align_structures(three, bad), Error);
  }
}

// The definition, by recursion over all cells in double precision: the best score of chains that end before i and j,
// with the last residues paired or a gap open.
double best_score_by_definition(const std::vector<Vec3>& mobile, const std::vector<Vec3>& target, double d0,
                                double furthest, double gap) {
  const std::size_t n = mobile.size(), m = target.size();
  const double impossible = -1e30;
  std::vector<std::vector<double>> paired(n + 1, std::vector<double>(m + 1, impossible));
  std::vector<std::vector<double>> open(n + 1, std::vector<double>(m + 1, 0.0));
  double best = 0.0;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t j = 1; j <= m; ++j) {
      const double square = (mobile[i - 1] - target[j - 1]).squaredNorm();
      const double score = square <= furthest * furthest ? 1.0 / (1.0 + square / (d0 * d0)) : 0.0;
      paired[i][j] = score + std::max(paired[i - 1][j - 1], open[i - 1][j - 1]);
      open[i][j] = std::max({paired[i - 1][j] + gap, open[i - 1][j], paired[i][j - 1] + gap, open[i][j - 1]});
      best = std::max(best, paired[i][j]);
    }
  }
  return best;
}

double score_of_pairs(const ResiduePairs& pairs, const std::vector<Vec3>& mobile, const std::vector<Vec3>& target,
                      double d0, double gap) {
  double score = 0.0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const auto& [i, j] = pairs[k];
    score += 1.0 / (1.0 + (mobile[static_cast<std::size_t>(i)] - target[static_cast<std::size_t>(j)]).squaredNorm() /
                              (d0 * d0));
    if (k > 0 && (i != pairs[k - 1].first + 1 || j != pairs[k - 1].second + 1)) score += gap;
  }
  return score;
}

TEST(OrderedPairing, PairsHaveTheBestScoreByDefinition) {
  OrderedPairing pairing;
  for (const auto& [n, m] : {std::pair{1, 1}, {1, 9}, {12, 5}, {40, 40}, {60, 97}}) {
    for (const double gap : {0.0, -0.3, -0.6}) {
      const std::vector<Vec3> mobile = random_points(n, 6.0, static_cast<std::uint64_t>(n));
      const std::vector<Vec3> target = random_points(m, 6.0, static_cast<std::uint64_t>(m) + 1000);
      const double everything = 1e3;  // no pair is beyond it
      const ResiduePairs& pairs = pairing.pair(PointArrays(mobile), PointArrays(target), 3.0, everything, gap);
      EXPECT_NEAR(score_of_pairs(pairs, mobile, target, 3.0, gap),
                  best_score_by_definition(mobile, target, 3.0, everything, gap), 1e-4)
          << n << " and " << m << ", gap " << gap;
    }
  }
}

TEST(OrderedPairing, FarPairsAreLeftOut) {
  OrderedPairing pairing;
  const std::vector<Vec3> mobile = random_points(50, 8.0, 1);
  const std::vector<Vec3> target = random_points(50, 8.0, 2);
  const ResiduePairs& pairs = pairing.pair(PointArrays(mobile), PointArrays(target), 3.0, 6.0, 0.0);
  EXPECT_FALSE(pairs.empty());
  for (const auto& [i, j] : pairs) {
    EXPECT_LE((mobile[static_cast<std::size_t>(i)] - target[static_cast<std::size_t>(j)]).norm(), 6.0 + 1e-5);
  }
  EXPECT_NEAR(score_of_pairs(pairs, mobile, target, 3.0, 0.0), best_score_by_definition(mobile, target, 3.0, 6.0, 0.0),
              1e-4);
}

TEST(RisingChain, IsTheHeaviestByTheQuadraticDefinition) {
  std::mt19937_64 generator(1);
  for (int trial = 0; trial < 50; ++trial) {
    const int n_targets = 1 + trial;
    std::vector<std::pair<int, int>> pairs;
    std::vector<float> weights;
    for (int i = 0; i < 40; ++i) {
      pairs.emplace_back(i, static_cast<int>(generator() % static_cast<std::uint64_t>(n_targets)));
      weights.push_back(static_cast<float>(generator() % 100 + 1));
    }
    std::vector<float> best(weights);
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      for (std::size_t before = 0; before < k; ++before) {
        if (pairs[before].second < pairs[k].second) best[k] = std::max(best[k], best[before] + weights[k]);
      }
    }
    RisingChain rising(static_cast<std::size_t>(n_targets));
    EXPECT_EQ(rising.find(pairs, weights), *std::max_element(best.begin(), best.end()));
    float sum = 0.0f;
    for (std::size_t k = 0; k < rising.chain().size(); ++k) {
      const std::size_t place = static_cast<std::size_t>(rising.chain()[k]);
      sum += weights[place];
      const std::size_t before = k > 0 ? static_cast<std::size_t>(rising.chain()[k - 1]) : place;
      EXPECT_TRUE(k == 0 || pairs[place].second > pairs[before].second);
    }
    EXPECT_EQ(sum, *std::max_element(best.begin(), best.end()));
  }
}

TEST(NearestResidueGrid, NamesAResidueAsNearAsItsCellsAllow) {
  const double reach = 6.0, diagonal = 1.5 * std::sqrt(3.0);
  const std::vector<Vec3> points = random_points(200, 12.0, 3);
  const NearestResidueGrid grid(points, reach);
  int n_found = 0;
  for (const Vec3& at : random_points(2000, 20.0, 4)) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Vec3& point : points) nearest = std::min(nearest, (point - at).norm());
    const int found = grid.nearest(static_cast<float>(at.x()), static_cast<float>(at.y()), static_cast<float>(at.z()));
    if (found < 0) {
      EXPECT_GT(nearest, reach - 0.5 * diagonal - 1e-3);
    } else {
      ++n_found;
      EXPECT_LE((points[static_cast<std::size_t>(found)] - at).norm(), nearest + diagonal + 1e-3);
    }
  }
  EXPECT_GT(n_found, 500);
}

// In the frame of its principal axes, a rod fills few cells, which stay small. A grid along other axes would have cells
// larger than the cutoff.
TEST(StructureAlignment, ALongRodIsAlignedInWhateverDirectionItLies) {
  std::vector<Vec3> rod = random_points(600, 4.0, 9);
  for (std::size_t i = 0; i < rod.size(); ++i) rod[i].x() += 2.8 * static_cast<double>(i);
  RigidTransform diagonal;
  diagonal.rotation = Eigen::Quaterniond::FromTwoVectors(Vec3::UnitX(), Vec3(1, 1, 1)).toRotationMatrix();
  const std::vector<Vec3> part(rod.begin() + 200, rod.begin() + 300);
  EXPECT_NEAR(align_structures(part, moved(rod, diagonal)).by_mobile.score.value, 1.0, 1e-9);
}

}  // namespace
}  // namespace flashrna
