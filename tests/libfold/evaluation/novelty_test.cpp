// Compares the upper bound of TM-scores, and the search that prunes with it, with alignments of all pairs.
#include "libfold/evaluation/novelty.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "rna/compare/structure_alignment.h"
#include "rna/compare/tm_bound.h"
#include "rna/compare/tm_score.h"
#include "tests/rna/golden_chain.h"
#include "tests/rna/random_points.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

double bound(const std::vector<Vec3>& a, const std::vector<Vec3>& b, int length) {
  return tm_upper_bound(distance_profile(a), distance_profile(b), length);
}

std::vector<std::vector<Vec3>> golden_structures(std::size_t count) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  std::vector<std::vector<Vec3>> structures;
  for (const CsvRow& row : read_csv(golden_path("qtmclust.csv"))) {
    if (structures.size() < count) structures.push_back(golden_chain(coordinates, row.text("structure")));
  }
  return structures;
}

// All alignments of two chains of a few residues, each with its best motion from many starts. None may exceed the
// bound.
TEST(TmBound, NoAlignmentOfShortChainsExceedsIt) {
  double tightest = 1e9;
  for (unsigned seed = 0; seed < 12; ++seed) {
    const std::vector<Vec3> a = random_points(6, 3.0 + seed, seed), b = random_points(5, 14.0 - seed, seed + 100);
    const int length = seed % 2 == 0 ? 5 : 60;  // two values of d0
    const double upper = bound(a, b, length);
    double highest = 0.0;
    for (unsigned chosen_a = 1; chosen_a < 1u << a.size(); ++chosen_a) {
      for (unsigned chosen_b = 1; chosen_b < 1u << b.size(); ++chosen_b) {
        if (__builtin_popcount(chosen_a) != __builtin_popcount(chosen_b)) continue;
        std::vector<Vec3> x, y;
        for (std::size_t i = 0; i < a.size(); ++i) {
          if ((chosen_a >> i & 1u) != 0) x.push_back(a[i]);
        }
        for (std::size_t i = 0; i < b.size(); ++i) {
          if ((chosen_b >> i & 1u) != 0) y.push_back(b[i]);
        }
        highest = std::max(highest, tm_score(x, y, length).value);
      }
    }
    EXPECT_LE(highest, upper + 1e-12) << "seed " << seed;
    tightest = std::min(tightest, upper / highest);
  }
  fmt::print("  the bound is {:.2f} times the highest score at its tightest\n", tightest);
}

TEST(TmBound, NoAlignmentOfRealChainsExceedsIt) {
  const std::vector<std::vector<Vec3>> structures = golden_structures(40);
  int below_length = 0, n = 0;
  for (std::size_t i = 0; i < structures.size(); i += 3) {
    for (std::size_t j = 0; j < structures.size(); j += 2) {
      const StructureAlignments alignments = align_structures(structures[i], structures[j]);
      const int n1 = static_cast<int>(structures[i].size()), n2 = static_cast<int>(structures[j].size());
      const double by_mobile = bound(structures[i], structures[j], n1);
      const double by_target = bound(structures[i], structures[j], n2);
      EXPECT_LE(alignments.by_mobile.score.value, by_mobile + 1e-12) << i << " " << j;
      EXPECT_LE(alignments.by_target.score.value, by_target + 1e-12) << i << " " << j;
      EXPECT_DOUBLE_EQ(bound(structures[j], structures[i], n1), by_mobile) << "symmetric";
      below_length += by_target < static_cast<double>(std::min(n1, n2)) / n2 - 1e-9;
      ++n;
    }
  }
  fmt::print("  {} pairs, for {} of them distances say more than lengths\n", n, below_length);
}

TEST(TmBound, IsOneForEqualChainsAndLowForAWireBesideABall) {
  std::vector<Vec3> wire, ball = random_points(60, 8.0, 3);
  for (int i = 0; i < 60; ++i) wire.emplace_back(6.0 * i, 0.0, 0.0);
  EXPECT_DOUBLE_EQ(bound(wire, moved(wire, random_motion(1)), 60), 1.0);
  const double upper = bound(wire, ball, 60);
  EXPECT_LT(upper, 0.6) << "their distances hardly overlap, though their lengths are the same";
  EXPECT_GE(upper, align_structures(wire, ball, 60).score.value);
  EXPECT_DOUBLE_EQ(bound(std::vector<Vec3>(wire.begin(), wire.begin() + 15), wire, 60), 0.25);
}

TEST(Novelty, IsTheHighestOverAllPairsAligned) {
  std::vector<std::vector<Vec3>> reference = golden_structures(36);
  std::vector<std::vector<Vec3>> structures{reference[3], reference[20]};
  structures[0].resize(structures[0].size() * 2 / 3);
  std::mt19937 engine(1);
  std::normal_distribution<double> noise(0.0, 2.0);
  for (Vec3& point : structures[1]) point += Vec3(noise(engine), noise(engine), noise(engine));
  structures.push_back(random_points(40, 20.0, 7));
  const NoveltySearch search = find_novelty(structures, reference, 1);
  EXPECT_EQ(search.pairs, structures.size() * reference.size());
  for (std::size_t s = 0; s < structures.size(); ++s) {
    double by_reference = 0.0, by_longer = 0.0;
    for (const auto& chain : reference) {
      const auto score = [&](std::size_t n) {
        return align_structures(structures[s], chain, static_cast<int>(n)).score.value;
      };
      by_reference = std::max(by_reference, score(chain.size()));
      by_longer = std::max(by_longer, score(std::max(chain.size(), structures[s].size())));
    }
    EXPECT_DOUBLE_EQ(search.of[s].by_reference.tm_score, by_reference) << s;
    EXPECT_DOUBLE_EQ(search.of[s].by_longer.tm_score, by_longer) << s;
    const auto& nearest = reference[static_cast<std::size_t>(search.of[s].by_longer.chain)];
    EXPECT_DOUBLE_EQ(
        align_structures(structures[s], nearest, static_cast<int>(std::max(nearest.size(), structures[s].size())))
            .score.value,
        by_longer);
  }
  fmt::print("  {} pairs, {} alignments\n", search.pairs, search.alignments);
  EXPECT_LT(search.alignments, search.pairs * 3 / 2);
}

TEST(Novelty, ThreadsChangeNothing) {
  const std::vector<std::vector<Vec3>> reference = golden_structures(24);
  const std::vector<std::vector<Vec3>> structures(reference.begin() + 5, reference.begin() + 10);
  const NoveltySearch one = find_novelty(structures, reference, 1), four = find_novelty(structures, reference, 4);
  EXPECT_EQ(one.alignments, four.alignments);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    EXPECT_EQ(one.of[s].by_reference.chain, four.of[s].by_reference.chain);
    EXPECT_EQ(one.of[s].by_longer.tm_score, four.of[s].by_longer.tm_score);
    EXPECT_NEAR(one.of[s].by_longer.tm_score, 1.0, 1e-9) << "it is in the reference";
  }
}

TEST(Novelty, WithoutAReferenceIsNone) {
  const NoveltySearch search = find_novelty(std::vector<std::vector<Vec3>>{random_points(5, 5.0, 1)}, {}, 1);
  EXPECT_EQ(search.of[0].by_reference.chain, -1);
}

}  // namespace
}  // namespace flashrna
