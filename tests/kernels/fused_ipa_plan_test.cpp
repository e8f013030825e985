// The choices of the launch plans of the fused kernels, without a GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna {
namespace {

using namespace fused_ipa;

constexpr FusedDevice kA100{80, 163 * 1024, 108}, kL40S{89, 99 * 1024, 142}, kH200{90, 227 * 1024, 132};

TEST(FusedIpaPlan, TheTileIsTheLargestThatFits) {
  const HeadSize size{128, 8, 12, 2, 32};
  EXPECT_EQ(plan_fused_forward(size, 1, 8, 4096, FusedPrecision::kFast, kA100).tile.queries, 128);
  EXPECT_EQ(plan_fused_forward(size, 1, 8, 4096, FusedPrecision::kFast, kL40S).tile.queries, 64);
  EXPECT_THROW(plan_fused_forward(size, 1, 8, 4096, FusedPrecision::kFast, {75, 48 * 1024, 20}), std::invalid_argument);
}

TEST(FusedIpaPlan, Generation9TakesItsOwnKernelWhereItIsCompiled) {
  const auto plan = [](const HeadSize& size, const FusedDevice& device) {
    return plan_fused_forward(size, 1, 8, 4096, FusedPrecision::kFast, device);
  };
  EXPECT_TRUE(plan({128, 8, 12, 2, 32}, kH200).warpgroups);
  EXPECT_EQ(plan({128, 8, 12, 2, 32}, kH200).tile.keys, 96);
  EXPECT_EQ(plan({100, 8, 12, 2, 8}, kH200).instance.c, 64);
  EXPECT_FALSE(plan({32, 8, 12, 2, 32}, kH200).warpgroups);
  EXPECT_FALSE(plan({128, 8, 12, 2, 32}, kA100).warpgroups);
  // Code compiled for 9.0a runs on no other capability.
  EXPECT_FALSE(plan({128, 8, 12, 2, 32}, {100, 227 * 1024, 148}).warpgroups);
}

TEST(FusedIpaPlan, KeysAreSplitWhereTheBlocksLeaveTheDeviceIdle) {
  const HeadSize size{128, 8, 12, 2, 32};
  const auto parts = [&](int B, int H, std::int64_t longest) {
    return plan_fused_forward(size, B, H, longest, FusedPrecision::kFast, kA100).parts;
  };
  EXPECT_EQ(parts(1, 8, 100), 1);   // two key tiles: splitting is not useful
  EXPECT_EQ(parts(1, 8, 512), 3);   // 32 blocks; 96 blocks with a third of the keys each still run at once
  EXPECT_EQ(parts(1, 8, 1024), 1);  // 64 blocks: two parts would need two rounds
  EXPECT_EQ(parts(1, 8, 4096), 2);  // 256 blocks need three rounds, 512 blocks with half the keys each need five
  EXPECT_EQ(parts(1, 8, 16384), 1);
  EXPECT_EQ(parts(16, 8, 512), 1);
  EXPECT_EQ(parts(1, 1, 4096), 3);  // 32 blocks
}

TEST(FusedIpaPlan, AsManyPartsAsPayForTheirCombination) {
  for (const int multiprocessors : {20, 108, 132, 148}) {
    for (const int blocks : {1, 7, 32, 64, 131, 132, 133, 1000}) {
      for (const int key_tiles : {1, 2, 11, 43, 171}) {
        const int parts = choose_parts(blocks, key_tiles, multiprocessors);
        EXPECT_GE(parts, 1);
        EXPECT_LE(parts, key_tiles);
        const int rounds = (blocks * parts + multiprocessors - 1) / multiprocessors;
        const int whole_rounds = (blocks + multiprocessors - 1) / multiprocessors;
        // Number of tiles that run one after the other.
        EXPECT_LE(rounds * ((key_tiles + parts - 1) / parts), whole_rounds * key_tiles);
      }
    }
  }
  EXPECT_EQ(choose_parts(132, 1000, 132), 1);  // the device is already full
  EXPECT_GE(choose_parts(1, 1000, 132), 8);
}

TEST(FusedIpaPlan, WorkspaceIsLinearInLengthAndPartsDoNotOverlap) {
  const HeadSize size{64, 8, 12, 4, 16};
  const auto plan = [&](std::int64_t longest) {
    return plan_fused_forward(size, 2, 4, longest, FusedPrecision::kStrict, kA100);
  };
  EXPECT_NEAR(static_cast<double>(plan(16384).workspace_bytes) / static_cast<double>(plan(8192).workspace_bytes), 2.0,
              0.001);
  EXPECT_LE(plan(0).workspace_bytes, 256);
  const FusedForwardPlan p = plan(700);
  const Layout l = make_layout(p.instance);
  EXPECT_EQ(p.instance.C, 128);
  EXPECT_GE(p.keys_at - p.queries_at, 8LL * p.query_tiles * logit_tile_bytes(l, p.tile.queries));
  EXPECT_GE(p.values_at - p.keys_at, 8LL * p.key_tiles * logit_tile_bytes(l, p.tile.keys));
  EXPECT_GE((p.parts > 1 ? p.part_columns_at : p.workspace_bytes) - p.values_at,
            8LL * p.key_tiles * value_tile_bytes(l, p.tile.keys));
  for (const std::int64_t at : {p.queries_at, p.keys_at, p.values_at, p.part_columns_at, p.part_sums_at}) {
    EXPECT_EQ(at % 256, 0);
  }
}

TEST(FusedIpaPlan, ABatchBeyondALaunchIsRefusedByItsSize) {
  const HeadSize size{128, 8, 12, 2, 32};
  EXPECT_NO_THROW(plan_fused_forward(size, 8191, 8, 10, FusedPrecision::kFast, kA100));
  try {
    plan_fused_forward(size, 8192, 8, 10, FusedPrecision::kFast, kA100);
    ADD_FAILURE() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("8192 chains with 8 heads; a launch takes 65535"), std::string::npos)
        << error.what();
  }
}

TEST(FusedIpaPlan, SizesThatTheTensorCoresDoNotTakeAreRefusedByName) {
  for (const HeadSize& size : {HeadSize{129, 8, 12, 2, 32}, HeadSize{64, 4, 12, 2, 32}, HeadSize{64, 8, 5, 2, 32},
                               HeadSize{64, 8, 12, 9, 4}, HeadSize{64, 8, 12, 4, 32}}) {
    EXPECT_FALSE(fused_forward_supports(size));
    try {
      plan_fused_forward(size, 1, 8, 100, FusedPrecision::kFast, kA100);
      ADD_FAILURE() << "no error";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("heads of " + std::to_string(size.C) + " channels"), std::string::npos);
    }
  }
}

// Backward -----------------------------------------------------------------------------------------------------------

TEST(FusedIpaBackwardPlan, TheTilesAreTheLargestThatFit) {
  const HeadSize size{128, 8, 12, 2, 32};
  const auto plan = [&](const FusedDevice& device) { return plan_fused_backward(size, 1, 8, 4096, device); };
  EXPECT_EQ(plan(kA100).of_queries.tile.queries, 128);
  EXPECT_EQ(plan(kA100).of_keys.tile.queries, 32);
  EXPECT_EQ(plan(kA100).of_keys.key_tiles, 64);
  EXPECT_EQ(plan(kL40S).of_queries.tile.queries, 64);
  EXPECT_EQ(plan(kL40S).of_keys.tile.queries, 16);
  EXPECT_EQ(plan(kL40S).of_keys.query_tiles, 256);
  EXPECT_THROW(plan({75, 64 * 1024, 20}), std::invalid_argument);
  // Shared memory is sufficient for forward but not for backward.
  try {
    plan({86, 90 * 1024, 20});
    ADD_FAILURE() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("backward needs 98688 bytes of shared memory"), std::string::npos)
        << error.what();
  }
}

TEST(FusedIpaBackwardPlan, Generation9TakesItsOwnKernelsWhereTheyAreCompiled) {
  const auto plan = [](const HeadSize& size) { return plan_fused_backward(size, 1, 8, 4096, kH200); };
  EXPECT_TRUE(plan({128, 8, 12, 2, 32}).warpgroups);
  EXPECT_EQ(plan({128, 8, 12, 2, 32}).of_queries.tile.keys, 80);
  EXPECT_EQ(plan({128, 8, 12, 2, 32}).of_keys.tile.queries, 80);
  EXPECT_EQ(plan({128, 8, 12, 2, 32}).of_keys.tile.keys, 64);
  EXPECT_FALSE(plan({32, 8, 12, 2, 32}).warpgroups);
  EXPECT_EQ(plan({32, 8, 12, 2, 32}).of_keys.tile.queries, 32);
}

TEST(FusedIpaBackwardPlan, PartsFillADeviceThatFewBlocksLeaveIdle) {
  const auto plan = [](int H, std::int64_t longest) {
    return plan_fused_backward({128, 8, 12, 2, 32}, 1, H, longest, kH200);
  };
  EXPECT_EQ(plan(8, 4096).of_queries.parts, 1);  // 256 blocks
  EXPECT_EQ(plan(8, 4096).of_keys.parts, 1);
  const FusedBackwardPlan split = plan(1, 4096);  // 32 and 64 blocks
  EXPECT_EQ(split.of_queries.parts, choose_parts(32, 52, 132));
  EXPECT_EQ(split.of_keys.parts, choose_parts(64, 52, 132));
  EXPECT_GT(split.of_queries.parts, 1);
  EXPECT_GT(split.of_keys.parts, 1);
  const Layout l = make_layout(split.instance);
  EXPECT_GE(split.workspace_bytes - split.of_queries.part_rows_at,
            4LL * split.of_queries.parts * 4096 * gradient_part_columns(l, true));
  EXPECT_GE(split.workspace_bytes - split.of_keys.part_rows_at,
            4LL * split.of_keys.parts * 4096 * gradient_part_columns(l, false));
}

TEST(FusedIpaBackwardPlan, SizesThatForwardDoesNotTakeAreRefused) {
  EXPECT_THROW(plan_fused_backward({129, 8, 12, 2, 32}, 1, 8, 100, kA100), std::invalid_argument);
  EXPECT_THROW(plan_fused_backward({64, 4, 12, 2, 32}, 1, 8, 100, kA100), std::invalid_argument);
}

TEST(FusedIpaBackwardPlan, WorkspaceIsLinearInLengthAndPartsDoNotOverlap) {
  const HeadSize size{128, 8, 12, 2, 32};
  const auto plan = [&](std::int64_t longest) { return plan_fused_backward(size, 2, 4, longest, kA100); };
  EXPECT_NEAR(static_cast<double>(plan(16384).workspace_bytes) / static_cast<double>(plan(8192).workspace_bytes), 2.0,
              0.001);
  // 1,808 bytes of operands per head and row, and the sums over heads.
  EXPECT_NEAR(static_cast<double>(plan(16384).workspace_bytes) / (8 * 16384), 1808 + 56 + 256, 8);
  EXPECT_LE(plan(0).workspace_bytes, 3 * 256);
  const FusedBackwardPlan p = plan(700);
  const Layout l = make_layout(p.instance);
  EXPECT_GE(p.centroids_at - p.scales_at, 8 * 2 * 4);
  EXPECT_GE(p.rows_at - p.centroids_at, 2 * 3 * 4);
  EXPECT_GE(p.pair_k_at - p.rows_at, 8 * 700 * 56);
  for (const FusedBackwardPlan::Kernel& kernel : {p.of_queries, p.of_keys}) {
    EXPECT_GE(kernel.query_tiles * kernel.tile.queries, 700);
    EXPECT_GE(kernel.key_tiles * kernel.tile.keys, 700);
    EXPECT_GE(kernel.queries_at - p.pair_k_at, 8 * 700 * 64 * 4);
    EXPECT_GE(kernel.gradients_at - kernel.queries_at,
              8LL * kernel.query_tiles * logit_tile_bytes(l, kernel.tile.queries));
    EXPECT_GE(kernel.keys_at - kernel.gradients_at,
              8LL * kernel.query_tiles * gradient_tile_bytes(l, kernel.tile.queries));
    EXPECT_GE(kernel.values_at - kernel.keys_at, 8LL * kernel.key_tiles * logit_tile_bytes(l, kernel.tile.keys));
    EXPECT_GE(p.workspace_bytes - kernel.values_at, 8LL * kernel.key_tiles * value_tile_bytes(l, kernel.tile.keys));
    for (const std::int64_t at : {kernel.queries_at, kernel.gradients_at, kernel.keys_at, kernel.values_at}) {
      EXPECT_EQ(at % 256, 0);
    }
  }
}

}  // namespace
}  // namespace flashrna
