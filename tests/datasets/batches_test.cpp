#include "datasets/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/error.h"

namespace flashrna {
namespace {

RandomBelow source(std::uint64_t seed) {
  return [engine = std::mt19937_64(seed)](std::uint64_t n) mutable { return engine() % n; };
}

std::vector<int> many_lengths() {
  std::vector<int> lengths;
  for (int i = 0; i < 997; ++i) lengths.push_back(20 + (i * 7919) % 400);
  lengths.push_back(2900);  // above all budgets below
  return lengths;
}

int longest(const std::vector<std::size_t>& batch, const std::vector<int>& lengths) {
  int result = 0;
  for (std::size_t chain : batch) result = std::max(result, lengths[chain]);
  return result;
}

struct Budget {
  const char* name;
  BatchBudget budget;
};

class PlanEpoch : public testing::TestWithParam<Budget> {};

TEST_P(PlanEpoch, HoldsEveryChainOnce) {
  const std::vector<int> lengths = many_lengths();
  std::vector<std::size_t> seen;
  for (const auto& batch : plan_epoch(lengths, GetParam().budget, source(1)))
    seen.insert(seen.end(), batch.begin(), batch.end());
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), lengths.size());
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i);
}

TEST_P(PlanEpoch, StaysWithinTheBudgetUnlessAChainIsAlone) {
  const std::vector<int> lengths = many_lengths();
  const BatchBudget& budget = GetParam().budget;
  int alone_beyond = 0;
  for (const auto& batch : plan_epoch(lengths, budget, source(2))) {
    const std::int64_t n = static_cast<std::int64_t>(batch.size()), length = longest(batch, lengths);
    const bool residues = budget.max_residues == 0 || n * length <= budget.max_residues;
    const bool squared = budget.max_residues_squared == 0 || n * length * length <= budget.max_residues_squared;
    if (n == 1 && !(residues && squared)) {
      ++alone_beyond;
      continue;
    }
    EXPECT_LE(n, budget.batch_size);
    EXPECT_TRUE(residues) << n << " chains of up to " << length;
    EXPECT_TRUE(squared) << n << " chains of up to " << length;
  }
  EXPECT_EQ(alone_beyond, budget.max_residues > 0 ? 1 : 0);
}

TEST_P(PlanEpoch, PadsLittle) {
  const std::vector<int> lengths = many_lengths();
  double real = 0, padded = 0;
  for (const auto& batch : plan_epoch(lengths, GetParam().budget, source(3))) {
    for (std::size_t chain : batch) real += lengths[chain];
    padded += static_cast<double>(batch.size()) * longest(batch, lengths);
  }
  EXPECT_LE(padded / real, 1.12) << "residues with padding over real ones";
}

INSTANTIATE_TEST_SUITE_P(Budgets, PlanEpoch,
                         testing::Values(Budget{"Count", {16, 0, 0}}, Budget{"Residues", {64, 2048, 0}},
                                         Budget{"ResiduesSquared", {64, 2048, 300'000}}),
                         [](const auto& budget) { return budget.param.name; });

TEST(Batches, PlanIsAFunctionOfTheRandomSource) {
  const std::vector<int> lengths = many_lengths();
  const BatchBudget budget{16, 2048, 0};
  EXPECT_EQ(plan_epoch(lengths, budget, source(5)), plan_epoch(lengths, budget, source(5)));
}

TEST(Batches, NeighborsChangeBetweenEpochs) {
  const std::vector<int> lengths = many_lengths();
  const BatchBudget budget{16, 0, 0};
  auto pairs = [&](std::uint64_t seed) {
    std::set<std::pair<std::size_t, std::size_t>> result;
    for (const auto& batch : plan_epoch(lengths, budget, source(seed)))
      for (std::size_t a : batch)
        for (std::size_t b : batch)
          if (a < b) result.emplace(a, b);
    return result;
  };
  const auto first = pairs(6), second = pairs(7);
  std::size_t same = 0;
  for (const auto& pair : first) same += second.count(pair);
  // A batch spans about 6 residues of length and the jitter is up to 40, so a third of the pairs coincide by chance.
  EXPECT_LT(static_cast<double>(same), 0.5 * static_cast<double>(first.size())) << same << " of " << first.size();
}

TEST(Batches, ARepeatedChainFillsABatch) {
  const std::vector<int> lengths(8, 76);
  EXPECT_EQ(plan_epoch(lengths, {8, 0, 0}, source(1)).size(), 1u);
}

TEST(Batches, EqualLengthsAreNeverPadded) {
  const std::vector<int> lengths{40, 40, 40, 60, 60, 40};
  EXPECT_EQ(plan_equal_lengths(lengths, {8, 100, 0}), (BatchPlan{{0, 1}, {2}, {3}, {4}, {5}}));
  EXPECT_EQ(plan_equal_lengths(lengths, {8, 120, 0}), (BatchPlan{{0, 1, 2}, {3, 4}, {5}}));
}

TEST(Batches, NoChainsGiveNoBatches) {
  EXPECT_TRUE(plan_epoch({}, {8, 0, 0}, source(1)).empty());
  EXPECT_TRUE(plan_equal_lengths({}, {8, 0, 0}).empty());
}

TEST(Batches, ABatchSizeBelowOneIsRefused) { EXPECT_THROW(plan_epoch({}, {0, 0, 0}, source(1)), Error); }

}  // namespace
}  // namespace flashrna
