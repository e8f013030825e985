#include "datasets/splits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "base/error.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ChainRecord chain(int sequence_cluster, int structure_cluster, const std::string& entry, int length) {
  ChainRecord record;
  record.entry = entry;
  record.sequence_cluster = sequence_cluster;
  record.structure_cluster = structure_cluster;
  record.length = length;
  return record;
}

RandomBelow source(unsigned seed) {
  return [engine = std::mt19937_64(seed)](std::uint64_t n) mutable { return engine() % n; };
}

TEST(GroupChains, JoinsWhatAnyClusterConnects) {
  const std::vector<ChainRecord> chains = {
      chain(0, -1, "1AAA", 10),  chain(1, 5, "1BBB", 20),
      chain(0, 5, "1CCC", 30),                               // 0-1-2 by sequence 0 and structure 5
      chain(2, -1, "1AAA", 40),                              // grouped by its own cluster, not by its entry
      chain(-1, -1, "1DDD", 50), chain(-1, -1, "1DDD", 60),  // without cluster: by entry
      chain(-1, -1, "1EEE", 40),                             // without cluster: the sequence of 3
  };
  const std::vector<SplitGroup> groups = group_chains(chains, {"A", "C", "G", "GGG", "U", "AA", "GGG"});
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_THAT(groups[0].chains, ElementsAre(0, 1, 2));
  EXPECT_EQ(groups[0].residues, 60);
  EXPECT_THAT(groups[1].chains, ElementsAre(3, 6));
  EXPECT_THAT(groups[2].chains, ElementsAre(4, 5));
}

TEST(GroupChains, AStructureClusterDoesNotReplaceEntryAndSequence) {
  const std::vector<ChainRecord> chains = {
      chain(-1, 7, "1AAA", 40), chain(-1, -1, "1AAA", 20),  // two strands of one entry, of which one has a fold
      chain(-1, 8, "1BBB", 40), chain(3, -1, "1CCC", 40),   // one sequence in two conformations
      chain(3, 8, "1DDD", 40),  chain(-1, 9, "1EEE", 50),
  };
  const std::vector<SplitGroup> groups = group_chains(chains, {"AC", "G", "GAGA", "GAGA", "CC", "U"});
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_THAT(groups[0].chains, ElementsAre(0, 1));
  EXPECT_THAT(groups[1].chains, ElementsAre(2, 3, 4));
  EXPECT_THAT(groups[2].chains, ElementsAre(5));
}

// Family sizes as in the PDB: one very large, many small.
std::vector<SplitGroup> skewed_groups() {
  std::vector<SplitGroup> groups;
  for (int i = 0; i < 400; ++i) {
    SplitGroup& group = groups.emplace_back();
    group.chains = {static_cast<std::size_t>(i)};
    group.residues = i == 0 ? 20'000 : 50 + 7 * (i % 40);
  }
  return groups;
}

std::map<int, std::int64_t> residues_by_split(const std::vector<SplitGroup>& groups) {
  std::map<int, std::int64_t> sums;
  for (const SplitGroup& group : groups) sums[group.split] += group.residues;
  return sums;
}

TEST(AssignSplits, SharesOfResiduesComeWithinASmallGroupOfTheFractions) {
  for (const std::array<double, 3> fractions : {std::array{0.8, 0.1, 0.1}, std::array{8.0, 1.0, 1.0},
                                                std::array{0.5, 0.5, 0.0}, std::array{0.34, 0.33, 0.33}}) {
    std::vector<SplitGroup> groups = skewed_groups();
    assign_splits(groups, fractions, source(1));
    const auto sums = residues_by_split(groups);
    std::int64_t total = 0;
    for (const auto& [split, sum] : sums) total += sum;
    const double scale = static_cast<double>(total) / (fractions[0] + fractions[1] + fractions[2]);
    for (int s = 0; s < 3; ++s) {
      const double got = sums.count(s) ? static_cast<double>(sums.at(s)) : 0.0;
      EXPECT_NEAR(got, fractions[static_cast<std::size_t>(s)] * scale, 50) << "the smallest group";
    }
    EXPECT_EQ(groups[0].split, 0) << "the huge family is for training";
  }
}

TEST(AssignSplits, TheSeedDecidesWhichSmallGroupsAreHeldOut) {
  std::set<std::vector<int>> plans;
  for (const unsigned seed : {1u, 2u, 3u, 1u}) {
    std::vector<SplitGroup> groups = skewed_groups();
    assign_splits(groups, {0.8, 0.1, 0.1}, source(seed));
    std::vector<int> plan;
    for (const SplitGroup& group : groups) plan.push_back(group.split);
    plans.insert(plan);
  }
  EXPECT_EQ(plans.size(), 3u) << "three seeds, one of them twice";
}

TEST(AssignSplits, FractionsThatAreNoneAreRefused) {
  std::vector<SplitGroup> groups = skewed_groups();
  EXPECT_THAT(message_of([&] { assign_splits(groups, {0.8, -0.1, 0.1}, source(1)); }), HasSubstr("-0.1"));
  EXPECT_THAT(message_of([&] { assign_splits(groups, {0, 0, 0}, source(1)); }), HasSubstr("all 0"));
  EXPECT_THAT(message_of([&] { assign_splits(groups, {NAN, 1, 1}, source(1)); }), HasSubstr("nan"));
}

TEST(DescribeHeldOut, CountsSharedClustersAndSaysWhereNoneAreKnown) {
  std::vector<ChainRecord> chains(5);
  for (std::size_t i = 0; i < 5; ++i) chains[i].split = i < 3 ? "train" : i == 3 ? "validation" : "test";
  EXPECT_THAT(describe_held_out(chains), HasSubstr("no sequence clusters are known: the 2 held-out"));
  for (std::size_t i = 0; i < 5; ++i) chains[i].sequence_cluster = static_cast<int>(i);
  EXPECT_EQ(describe_held_out(chains), "none of the 2 held-out chains shares a cluster with training");
  chains[4].sequence_cluster = 1;
  EXPECT_THAT(describe_held_out(chains), HasSubstr("1 of the 2 held-out chains share a cluster with training:"));
  chains[3].structure_cluster = chains[0].structure_cluster = 8;
  chains[3].sequence_cluster = -1;
  EXPECT_THAT(describe_held_out(chains),
              HasSubstr("2 of the 2 held-out chains share a cluster with training; 1 are in no cluster"));
  for (ChainRecord& chain : chains) chain.split = "train";
  EXPECT_EQ(describe_held_out(chains), "");
}

}  // namespace
}  // namespace flashrna
