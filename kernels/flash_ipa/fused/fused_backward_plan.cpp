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
  // Compiled for the sizes of forward with mma.m16n8k16, whose plan refuses the others.
  plan.instance =
      plan_fused_forward(size, B, H, longest, FusedPrecision::kFast, {80, device.shared_bytes, device.multiprocessors})
          .instance;
  plan.longest = longest;
  const Layout layout = make_layout(plan.instance);
  const bool large = std::max(query_gradient_shared_bytes(layout, kQueryGradientTileSm80),
                              key_gradient_shared_bytes(layout, kKeyGradientTileSm80)) <= device.shared_bytes;
  plan.of_queries.tile = large ? kQueryGradientTileSm80 : kQueryGradientTileSmallSm80;
  plan.of_keys.tile = large ? kKeyGradientTileSm80 : kKeyGradientTileSmallSm80;
  const int needed = std::max(query_gradient_shared_bytes(layout, plan.of_queries.tile),
                              key_gradient_shared_bytes(layout, plan.of_keys.tile));
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
    plan.workspace_bytes = std::max(plan.workspace_bytes, end);
  }
  return plan;
}

}  // namespace flashrna
