#include "rna/compare/structure_clusters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "base/error.h"
#include "rna/compare/structure_alignment.h"
#include "tests/rna/golden_chain.h"
#include "tests/rna/random_points.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

struct GoldenClusters {
  std::vector<std::vector<Vec3>> structures;
  std::vector<std::string> names;
  std::map<std::string, std::vector<int>> clusters;  // by column: cluster of every structure
};

GoldenClusters golden_clusters() {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  GoldenClusters golden;
  for (const CsvRow& row : read_csv(golden_path("qtmclust.csv"))) {
    golden.structures.push_back(golden_chain(coordinates, row.text("structure")));
    golden.names.push_back(row.text("structure"));
    for (const char* column : {"cluster_s2", "cluster_s1"}) {
      golden.clusters[column].push_back(static_cast<int>(row.number(column)));
    }
  }
  return golden;
}

int n_clusters(const std::vector<int>& clusters) { return *std::max_element(clusters.begin(), clusters.end()) + 1; }

// Prints the pairs of structures that only one of the programs puts in the same cluster.
StructureClusters compare_with_qtmclust(TmNormalization normalization, const std::vector<int>& theirs,
                                        const GoldenClusters& golden) {
  const auto start = std::chrono::steady_clock::now();
  const StructureClusters ours = cluster_structures(golden.structures, {.normalization = normalization});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("  {} structures: {} clusters, qTMclust {}; {:.2f} s\n", golden.structures.size(),
             ours.representatives.size(), n_clusters(theirs), seconds);
  for (std::size_t i = 0; i < ours.cluster.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool together = ours.cluster[i] == ours.cluster[j];
      if (together == (theirs[i] == theirs[j])) continue;
      const StructureAlignments alignments = align_structures(golden.structures[i], golden.structures[j]);
      fmt::print("  {} and {} are {}: TM-scores {:.3f} and {:.3f}\n", golden.names[i], golden.names[j],
                 together ? "together, apart for qTMclust" : "apart, together for qTMclust",
                 alignments.by_mobile.score.value, alignments.by_target.score.value);
    }
  }
  return ours;
}

TEST(StructureClusters, AreAsManyAsByQTmClustWithinOne) {
  const GoldenClusters golden = golden_clusters();
  const std::vector<int>& theirs = golden.clusters.at("cluster_s2");
  const StructureClusters ours = compare_with_qtmclust(TmNormalization::kLonger, theirs, golden);
  EXPECT_NEAR(static_cast<double>(ours.representatives.size()), n_clusters(theirs), 1.0);
}

// With normalization by the shorter length, chains of 20 to 30 nt are near the threshold. The search here finds more
// than 0.45 for some that qTMclust separates: there may be fewer clusters, never more.
TEST(StructureClusters, ByTheShorterLengthAreNoMoreThanByQTmClust) {
  const GoldenClusters golden = golden_clusters();
  const std::vector<int>& theirs = golden.clusters.at("cluster_s1");
  const StructureClusters ours = compare_with_qtmclust(TmNormalization::kShorter, theirs, golden);
  EXPECT_LE(static_cast<int>(ours.representatives.size()), n_clusters(theirs));
  EXPECT_GE(static_cast<int>(ours.representatives.size()), n_clusters(theirs) - 4);
}

TEST(StructureClusters, EveryMemberIsLikeItsRepresentativeAndNoTwoRepresentativesAreAlike) {
  GoldenClusters golden = golden_clusters();
  golden.structures.resize(25);
  const StructureClusters clusters = cluster_structures(golden.structures);
  const auto score = [&](std::size_t a, std::size_t b) {
    const auto &x = golden.structures[a], &y = golden.structures[b];
    return align_structures(x, y, static_cast<int>(std::max(x.size(), y.size()))).score.value;
  };
  for (std::size_t i = 0; i < golden.structures.size(); ++i) {
    const auto own = static_cast<std::size_t>(clusters.representatives[static_cast<std::size_t>(clusters.cluster[i])]);
    if (own != i) {
      EXPECT_GE(score(i, own), 0.45) << golden.names[i];
      continue;
    }
    for (int k = 0; k < clusters.cluster[i]; ++k) {
      EXPECT_LT(score(i, static_cast<std::size_t>(clusters.representatives[static_cast<std::size_t>(k)])), 0.45);
    }
  }
}

TEST(StructureClusters, MovedCopiesAreOneCluster) {
  const std::vector<Vec3> points = random_points(30, 12.0, 1);
  const std::vector<std::vector<Vec3>> structures{points, moved(points, random_motion(1)), random_points(40, 14.0, 5),
                                                  moved(points, random_motion(2))};
  const StructureClusters clusters = cluster_structures(structures);
  EXPECT_EQ(clusters.cluster, (std::vector<int>{1, 1, 0, 1}));
  EXPECT_EQ(clusters.representatives, (std::vector<int>{2, 0})) << "longest first, then in the given order";
}

TEST(StructureClusters, ThreadsChangeNothing) {
  GoldenClusters golden = golden_clusters();
  golden.structures.resize(20);
  const StructureClusters one = cluster_structures(golden.structures);
  const StructureClusters four = cluster_structures(golden.structures, {.threads = 4});
  EXPECT_EQ(one.cluster, four.cluster);
  EXPECT_EQ(one.representatives, four.representatives);
}

TEST(StructureClusters, NothingIsNoCluster) { EXPECT_TRUE(cluster_structures({}).representatives.empty()); }

TEST(StructureClusters, BadInputIsRefused) {
  std::vector<std::vector<Vec3>> structures{random_points(5, 5.0, 1), {}};
  EXPECT_THROW(cluster_structures(structures), Error);
  structures[1] = {Vec3(0.0, std::nan(""), 0.0)};
  EXPECT_THROW(cluster_structures(structures), Error);
  structures.pop_back();
  EXPECT_THROW(cluster_structures(structures, {.cut = 0.0}), Error);
  EXPECT_THROW(cluster_structures(structures, {.cut = 1.1}), Error);
  EXPECT_THROW(cluster_structures(structures, {.threads = 0}), Error);
}

}  // namespace
}  // namespace flashrna
