#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/flash_ipa/fused/softmax.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

constexpr std::int64_t kMostEntryHeads = 65535;  // CUDA's limit for the second dimension of a grid

// The sizes for which fused_forward.cu and fused_forward_sm90.cu are compiled.
HeadSize instance_of(const HeadSize& size, bool warpgroups) {
  const int columns = size.R * size.c;
  const int compiled = columns == 0 ? 0 : columns <= 32 && !warpgroups ? 32 : 64;
  return {size.C <= 32 ? 32 : 128, 8, 12, columns > 0 ? 1 : 0, compiled};
}

// Times in units of one key tile, 2.2 us on an H200: the constant cost of a block, the launch that combines parts, and
// the 240 kB that each block of a part writes and reads.
constexpr double kEndsOfBlock = 3.0, kCombination = 2.0, kTrafficOfBlock = 0.025;
constexpr int kMostParts = 16;

double estimated_time(std::int64_t blocks, int key_tiles, int multiprocessors, int parts) {
  const auto ceiling = [](std::int64_t a, std::int64_t b) { return static_cast<double>((a + b - 1) / b); };
  const double rounds = ceiling(blocks * parts, multiprocessors);
  const double computing = rounds * (ceiling(key_tiles, parts) + kEndsOfBlock);
  if (parts == 1) return computing;
  return computing + kCombination + kTrafficOfBlock * static_cast<double>(blocks * parts);
}

}  // namespace

int choose_parts(std::int64_t blocks, int key_tiles, int multiprocessors) {
  int best = 1;
  double least = 0.95 * estimated_time(blocks, key_tiles, multiprocessors, 1);
  for (int parts = 2; parts <= std::min(key_tiles, kMostParts); ++parts) {
    const double time = estimated_time(blocks, key_tiles, multiprocessors, parts);
    if (time >= least) continue;
    best = parts;
    least = time;
  }
  return best;
}

bool fused_forward_supports(const HeadSize& size) {
  return size.C > 0 && size.C <= 128 && size.P_q == 8 && size.P_v == 12 && size.R >= 0 && size.R <= 8 &&
         size.R * size.c <= 64;
}

FusedForwardPlan plan_fused_forward(const HeadSize& size, int B, int H, std::int64_t longest, FusedPrecision precision,
                                    const FusedDevice& device) {
  if (!fused_forward_supports(size)) {
    throw std::invalid_argument(
        "flash_ipa fused: heads of " + std::to_string(size.C) + " channels, " + std::to_string(size.P_q) + " and " +
        std::to_string(size.P_v) + " points, rank " + std::to_string(size.R) + " with " + std::to_string(size.c) +
        " pair channels; it takes up to 128 channels, 8 and 12 points, rank up to 8, rank times "
        "pair channels up to 64; use the lifted backend");
  }
  const std::int64_t entry_heads = static_cast<std::int64_t>(B) * H;
  if (entry_heads > kMostEntryHeads) {
    throw std::invalid_argument("flash_ipa fused: a batch of " + std::to_string(B) + " chains with " +
                                std::to_string(H) + " heads; a launch takes " + std::to_string(kMostEntryHeads) +
                                " of both together: make the batch smaller");
  }
  if (device.capability < kLeastCapability) {
    throw std::invalid_argument("flash_ipa fused: needs a device of capability 8.0 or newer, this one has " +
                                std::to_string(device.capability / 10) + "." + std::to_string(device.capability % 10) +
                                "; use the lifted backend");
  }
  FusedForwardPlan plan;
  plan.precision = precision;
  plan.warpgroups = device.capability == 90 && size.C > 32;
  plan.instance = instance_of(size, plan.warpgroups);
  const Layout layout = make_layout(plan.instance);
  const int for_large = forward_shared_bytes(layout, kForwardTileSm80);
  plan.tile = plan.warpgroups                    ? kForwardTileSm90
              : for_large <= device.shared_bytes ? kForwardTileSm80
                                                 : kForwardTileSmallSm80;
  const int needed = plan.warpgroups ? warpgroup_forward_shared_bytes(layout) : forward_shared_bytes(layout, plan.tile);
  if (needed > device.shared_bytes) {
    throw std::invalid_argument("flash_ipa fused: needs " + std::to_string(needed) +
                                " bytes of shared memory a block, the device has " +
                                std::to_string(device.shared_bytes) + "; use the lifted backend");
  }
  const auto tiles_of = [&](int rows) { return static_cast<int>((longest + rows - 1) / rows); };
  plan.query_tiles = tiles_of(plan.tile.queries);
  plan.key_tiles = tiles_of(plan.tile.keys);
  const std::int64_t blocks = entry_heads * plan.query_tiles;
  plan.parts = choose_parts(blocks, plan.key_tiles, device.multiprocessors);
  std::int64_t end = 0;
  const auto take = [&](std::int64_t bytes) {
    const std::int64_t at = end;
    end += (bytes + 255) / 256 * 256;
    return at;
  };
  plan.queries_at = take(blocks * logit_tile_bytes(layout, plan.tile.queries));
  plan.keys_at = take(entry_heads * plan.key_tiles * logit_tile_bytes(layout, plan.tile.keys));
  plan.values_at = take(entry_heads * plan.key_tiles * value_tile_bytes(layout, plan.tile.keys));
  if (plan.parts > 1) {
    const std::int64_t rows = plan.parts * blocks * plan.tile.queries;
    plan.part_columns_at = take(rows * output_columns(layout) * static_cast<std::int64_t>(sizeof(float)));
    plan.part_sums_at = take(rows * static_cast<std::int64_t>(sizeof(PartSums)));
  }
  plan.workspace_bytes = end;
  return plan;
}

}  // namespace flashrna
