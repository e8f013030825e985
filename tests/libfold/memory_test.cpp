// Training memory against length: nothing on the way may hold L x L.
#include <gtest/gtest.h>

#include <cstdio>

#include "kernels/torch_headers.h"
#include "libfold/bench/training_bench.h"

namespace flashrna {
namespace {

RunConfig small_model() {
  RunConfig config;
  config.model.node_channels = 32;
  config.model.pair_channels = 16;
  config.model.blocks = 2;
  config.model.attention_channels = 8;
  config.model.attention_heads = 2;
  config.model.query_points = 4;
  config.model.value_points = 4;
  config.model.transformer_heads = 2;
  config.model.transformer_layers = 1;
  config.model.edge_feature_channels = 16;
  config.model.torsion_channels = 16;
  config.losses.atoms = 13;
  config.losses.bond_weight = config.losses.angle_weight = 1.0;
  return config;
}

class TrainingMemory : public testing::TestWithParam<bool> {};

TEST_P(TrainingMemory, GrowsNoFasterThanLength) {
  RunConfig config = small_model();
  config.training.recompute = GetParam();
  const std::vector<TrainingTiming> timings = bench_training(config, {1024, 4096}, 1, at::kCPU, {});
  const TrainingTiming &shorter = timings[0], &longer = timings[1];
  for (const TrainingTiming& t : timings)
    std::printf("  %5ld nt: peak %.1f MB, largest tensor %.2f MB\n", static_cast<long>(t.length), t.peak_bytes / 1e6,
                t.largest_bytes / 1e6);
  ASSERT_GT(shorter.peak_bytes, shorter.largest_bytes);
  ASSERT_GT(shorter.largest_bytes, 1024 * 32 * 4) << "not even one layer's activations";
  EXPECT_LE(static_cast<double>(longer.peak_bytes) / static_cast<double>(shorter.peak_bytes), 4.4);
  EXPECT_LE(static_cast<double>(longer.largest_bytes) / static_cast<double>(shorter.largest_bytes), 4.4);
}

INSTANTIATE_TEST_SUITE_P(Blocks, TrainingMemory, testing::Bool(),
                         [](const auto& recompute) { return recompute.param ? "recomputed" : "kept"; });

TEST(RecomputedTraining, HoldsLessThanHalfOfADeepModel) {
  RunConfig config = small_model();
  config.model.blocks = 8;
  const std::int64_t kept = bench_training(config, {512}, 1, at::kCPU, {})[0].peak_bytes;
  config.training.recompute = true;
  const std::int64_t recomputed = bench_training(config, {512}, 1, at::kCPU, {})[0].peak_bytes;
  std::printf("  kept %.1f MB, recomputed %.1f MB\n", kept / 1e6, recomputed / 1e6);
  EXPECT_LT(recomputed, kept / 2);
}

// The oracle of the two tests above: a dense pair representation is seen.
TEST(DenseTraining, IsSeenToGrowWithTheSquareOfLength) {
  RunConfig config = small_model();
  config.model.mode = "orig_2d_bias";
  const std::vector<TrainingTiming> timings = bench_training(config, {64, 256}, 1, at::kCPU, {});
  EXPECT_GT(static_cast<double>(timings[1].largest_bytes) / static_cast<double>(timings[0].largest_bytes), 14.0);
}

}  // namespace
}  // namespace flashrna
