#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/gradients.h"

namespace flashrna {

using namespace fused_ipa;

FusedBackwardPlan plan_fused_backward(const HeadSize& size, int B, int H, std::int64_t longest,
                                      const FusedDevice& device) {
  FusedBackwardPlan plan;
  // Backward is compiled for the same sizes as forward, and the forward plan throws for all others.
  const FusedForwardPlan forward = plan_fused_forward(size, B, H, longest, FusedPrecision::kFast, device);
  plan.instance = forward.instance;
  plan.warpgroups = forward.warpgroups;
  plan.longest = longest;
  const Layout layout = make_layout(plan.instance);
  int needed = 0;
  if (plan.warpgroups) {
    plan.of_queries.tile = kQueryGradientTileSm90;
    plan.of_keys.tile = kKeyGradientTileSm90;
    needed = std::max(warpgroup_query_gradient_shared_bytes(layout), warpgroup_key_gradient_shared_bytes(layout));
  } else {
    const auto needs = [&](Tile of_queries, Tile of_keys) {
      plan.of_queries.tile = of_queries;
      plan.of_keys.tile = of_keys;
      return std::max(query_gradient_shared_bytes(layout, of_queries), key_gradient_shared_bytes(layout, of_keys));
    };
    needed = needs(kQueryGradientTileSm80, kKeyGradientTileSm80);
    if (needed > device.shared_bytes) needed = needs(kQueryGradientTileSmallSm80, kKeyGradientTileSmallSm80);
  }
  if (needed > device.shared_bytes) {
    throw std::invalid_argument("flash_ipa fused: backward needs " + std::to_string(needed) +
                                " bytes of shared memory a block, the device has " +
                                std::to_string(device.shared_bytes));
  }

  std::int64_t end = 0;
  const auto take = [&](std::int64_t bytes) {
    const std::int64_t at = end;
    end += (bytes + 255) / 256 * 256;
    return at;
  };
  const std::int64_t entry_heads = static_cast<std::int64_t>(B) * H, rows = entry_heads * longest;
  constexpr auto kNumber = static_cast<std::int64_t>(sizeof(float));
  plan.scales_at = take(entry_heads * 2 * kNumber);
  plan.centroids_at = take(B * 3 * kNumber);
  plan.rows_at = take(rows * static_cast<std::int64_t>(sizeof(ResidueGradient)));
  plan.pair_k_at = take(rows * size.R * size.c * kNumber);
  const std::int64_t operands_at = end;
  for (FusedBackwardPlan::Kernel* kernel : {&plan.of_queries, &plan.of_keys}) {
    end = operands_at;
    const auto tiles_of = [&](int n) { return static_cast<int>((longest + n - 1) / n); };
    kernel->query_tiles = tiles_of(kernel->tile.queries);
    kernel->key_tiles = tiles_of(kernel->tile.keys);
    const std::int64_t queries = entry_heads * kernel->query_tiles, keys = entry_heads * kernel->key_tiles;
    kernel->queries_at = take(queries * logit_tile_bytes(layout, kernel->tile.queries));
    kernel->gradients_at = take(queries * gradient_tile_bytes(layout, kernel->tile.queries));
    kernel->keys_at = take(keys * logit_tile_bytes(layout, kernel->tile.keys));
    kernel->values_at = take(keys * value_tile_bytes(layout, kernel->tile.keys));
    const bool rows_are_queries = kernel == &plan.of_queries;
    const std::int64_t blocks = rows_are_queries ? queries : keys;
    kernel->parts =
        choose_parts(blocks, rows_are_queries ? kernel->key_tiles : kernel->query_tiles, device.multiprocessors);
    if (kernel->parts > 1) {
      const int tile_rows = rows_are_queries ? kernel->tile.queries : kernel->tile.keys;
      const int columns = gradient_part_columns(layout, rows_are_queries);
      kernel->part_rows_at = take(kernel->parts * blocks * tile_rows * columns * kNumber);
    }
    plan.workspace_bytes = std::max(plan.workspace_bytes, end);
  }
  return plan;
}

}  // namespace flashrna
