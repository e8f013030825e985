#include "libfold/training/step_shards.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

namespace flashrna {
namespace {

using Lengths = std::vector<std::vector<std::int64_t>>;

const Lengths kStep = {{40, 42, 41, 45, 60, 44}, {300}, {10, 11, 12, 9, 9, 9, 10, 14}};

TEST(StepShards, TakeEveryChainOnceInOrder) {
  for (int shards = 1; shards <= 20; ++shards) {
    std::vector<std::int64_t> next(kStep.size(), 0);
    std::size_t batch = 0;
    for (const StepShard& shard : plan_shards(kStep, shards)) {
      for (const BatchSlice& slice : shard) {
        EXPECT_GE(slice.batch, batch) << shards;
        batch = slice.batch;
        EXPECT_EQ(slice.first, next[slice.batch]) << shards;
        EXPECT_GE(slice.count, 1) << shards;
        next[slice.batch] += slice.count;
      }
    }
    for (std::size_t a = 0; a < kStep.size(); ++a) EXPECT_EQ(next[a], std::ssize(kStep[a])) << shards;
  }
}

TEST(StepShards, SharesAreThoseOfTheMeanOverBatchesOfTheMeanOverChains) {
  for (int shards = 1; shards <= 20; ++shards)
    for (const StepShard& shard : plan_shards(kStep, shards))
      for (const BatchSlice& slice : shard)
        EXPECT_NEAR(slice.share,
                    static_cast<double>(slice.count) / static_cast<double>(kStep[slice.batch].size()) / 3.0, 1e-15);
}

TEST(StepShards, OneShardIsTheWholeStepWithUnchangedShares) {
  const std::vector<StepShard> plan = plan_shards(kStep, 1);
  ASSERT_EQ(plan[0].size(), 3u);
  for (const BatchSlice& slice : plan[0]) EXPECT_EQ(slice.share, 1.0 / 3.0);
}

TEST(StepShards, DifferByNoMoreThanAChainInResidues) {
  const Lengths batches = {{90, 92, 94, 95, 97, 99, 100, 90}, {91, 93, 96, 98, 90, 91, 92, 93}};
  const std::int64_t total = std::accumulate(batches[0].begin(), batches[0].end(), std::int64_t{0}) +
                             std::accumulate(batches[1].begin(), batches[1].end(), std::int64_t{0});
  for (const int shards : {2, 3, 4, 8}) {
    for (const StepShard& shard : plan_shards(batches, shards)) {
      std::int64_t residues = 0;
      for (const BatchSlice& slice : shard)
        for (std::int64_t b = 0; b < slice.count; ++b)
          residues += batches[slice.batch][static_cast<std::size_t>(slice.first + b)];
      EXPECT_LE(std::abs(residues - total / shards), 100) << shards;
    }
  }
}

TEST(StepShards, AreEmptyWhereThereAreFewerChains) {
  const std::vector<StepShard> plan = plan_shards(Lengths{{500}}, 4);
  std::size_t slices = 0;
  for (const StepShard& shard : plan) slices += shard.size();
  EXPECT_EQ(slices, 1u);
}

TEST(StepShards, ProcessesTakeSuccessiveShardsAndEachAtLeastOne) {
  for (int size = 1; size <= 8; ++size) {
    int next = 0;
    for (int rank = 0; rank < size; ++rank) {
      const ShardRange range = shards_of(rank, size, 8);
      EXPECT_EQ(range.begin, next);
      EXPECT_GT(range.end, range.begin);
      next = range.end;
    }
    EXPECT_EQ(next, 8);
  }
}

}  // namespace
}  // namespace flashrna
