// Backward of the fused kernel with wgmma, for devices of capability 9.0. Everything except copies and products is
// shared with QueryGradientKernel and KeyGradientKernel. Both kernels have two warpgroups that compute and one thread
// that loads. Blocks do not form clusters: each block copies its own tiles.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/key_gradient_block.h"
#include "kernels/flash_ipa/fused/query_gradient_block.h"
#include "kernels/flash_ipa/fused/warpgroup_block.h"

namespace flashrna::fused_ipa {

namespace warpgroup_backward {

// Two warpgroups compute, the third loads. Registers are divided as in forward.
inline constexpr int kConsumers = 2 * kWarpgroup, kThreads = 3 * kWarpgroup;
inline constexpr int kConsumerRegisters = 240, kLoaderRegisters = 24;

// Operands. chunks_of_rows: two chunks of a chunk-major tile of kRows rows, starting at `row`, summed over columns.
// chunks_of_values: two chunks of a value tile, also summed over columns. rows_of_chunks: rows `row` to row + 15 of a
// chunk-major tile, summed over rows.
template <int kRows>
FLASHRNA_DEVICE GroupMatrix chunks_of_rows(int tile_at, const int (&chunks)[2], int row = 0) {
  return {static_cast<std::uint32_t>(tile_at + kHalfRow * (kRows * chunks[0] + row)),
          static_cast<std::uint32_t>(kHalfRow * kRows * (chunks[1] - chunks[0])), 8 * kHalfRow};
}
template <int kColumns>
FLASHRNA_DEVICE TransposedGroupMatrix chunks_of_values(int tile_at, const int (&chunks)[2]) {
  return {static_cast<std::uint32_t>(tile_at + kHalfRow * kChunk * chunks[0]),
          static_cast<std::uint32_t>(kHalfRow * kChunk * (chunks[1] - chunks[0])), kHalfRow * kColumns};
}
template <int kRows>
FLASHRNA_DEVICE TransposedGroupMatrix rows_of_chunks(int tile_at, int row) {
  return {static_cast<std::uint32_t>(tile_at + kHalfRow * row), 8 * kHalfRow, kHalfRow * kRows};
}

// Issues sums = left right^T over the steps. `left` and `right` return the operand of a step from its two chunks.
template <class Steps, class Block, int kTiles, class Left, class Right>
FLASHRNA_DEVICE void issue_steps(const Block& block, const Left& left, const Right& right, float (&sums)[kTiles][4]) {
  pin(block, sums);
  block.begin_products();
  FLASHRNA_UNROLL
  for (int s = 0; s < Steps::kSteps; ++s) {
    const Step step = Steps::step(s);
    block.group_multiply(sums, left(step.a), right(step.b), s > 0);
  }
  block.commit_products();
}

// Issues sums += p B, where B is the kRows rows of a chunk-major tile.
template <int kRows, class Block, int kTiles>
FLASHRNA_DEVICE void issue_rows(const Block& block, const std::uint32_t (&p)[kRows / 8][2], int tile_at,
                                float (&sums)[kTiles][4]) {
  pin(block, sums);
  block.begin_products();
  FLASHRNA_UNROLL
  for (int s = 0; s < kRows / 16; ++s) {
    block.group_multiply(sums, p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1],
                         rows_of_chunks<kRows>(tile_at, 16 * s), true);
  }
  block.commit_products();
}

}  // namespace warpgroup_backward

// A warpgroup computes 64 queries. Keys have two stages in shared memory, values one.
template <int kC, int kPair>
struct QueryGradientKernelSm90 {
  static constexpr Tile kTile = kQueryGradientTileSm90;
  static constexpr int kQueries = kTile.queries, kKeys = kTile.keys;
  using Rows = QueryGradientKernel<kC, kPair, kQueries, kKeys>;
  using Size = typename Rows::Size;
  static constexpr int kThreads = warpgroup_backward::kThreads;
  static constexpr int kKeyTiles = Rows::kKeyTiles, kColumnTiles = Rows::kColumnTiles;

  // Shared memory is that of Rows, followed by the barriers.
  enum Barrier { kQueriesReady, kValuesReady, kValuesDone, kKeysReady, kKeysDone = kKeysReady + 2, kBarriers = 7 };
  static constexpr int kBarriersAt = Rows::kValuesAt + Rows::kValueBytes;
  static constexpr int kSharedBytes = kBarriersAt + 8 * kBarriers;
  static_assert(kSharedBytes == warpgroup_query_gradient_shared_bytes(Size::layout()));
  static_assert(4 * Rows::kStride * kQueries <= kBarriersAt);

  static FLASHRNA_DEVICE std::uint32_t barrier(int which) {
    return static_cast<std::uint32_t>(kBarriersAt + 8 * which);
  }
  static FLASHRNA_DEVICE int keys_at(int stage) { return Rows::kKeysAt + stage * Rows::kKeyBytes; }

  template <class Block>
  static FLASHRNA_DEVICE void load(const Block& block, const char* queries, const char* gradients, const char* keys,
                                   const char* values, int n) {
    block.arrive_expecting(barrier(kQueriesReady), Rows::kQueryBytes + Rows::kGradientBytes);
    block.copy_tile(0, queries, Rows::kQueryBytes, barrier(kQueriesReady));
    block.copy_tile(Rows::kGradientsAt, gradients, Rows::kGradientBytes, barrier(kQueriesReady));
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2;
      if (j >= 2) block.wait(barrier(kKeysDone + stage), (j / 2 + 1) % 2);
      block.arrive_expecting(barrier(kKeysReady + stage), Rows::kKeyBytes);
      block.copy_tile(keys_at(stage), keys, Rows::kKeyBytes, barrier(kKeysReady + stage));
      if (j >= 1) block.wait(barrier(kValuesDone), (j + 1) % 2);
      block.arrive_expecting(barrier(kValuesReady), Rows::kValueBytes);
      block.copy_tile(Rows::kValuesAt, values, Rows::kValueBytes, barrier(kValuesReady));
      keys += Rows::kKeyBytes;
      values += Rows::kValueBytes;
    }
  }

  // Issue Q K^T for the group's rows, and G V^T.
  template <class Block>
  static FLASHRNA_DEVICE void issue_logits(const Block& block, int stage, float (&logits)[kKeyTiles][4]) {
    using namespace warpgroup_backward;
    const int first_row = block.thread() / kWarpgroup * 64;
    issue_steps<LogitSteps<Size>>(
        block, [&](const int(&chunks)[2]) { return chunks_of_rows<kQueries>(0, chunks, first_row); },
        [&](const int(&chunks)[2]) { return chunks_of_rows<kKeys>(keys_at(stage), chunks); }, logits);
  }
  template <class Block>
  static FLASHRNA_DEVICE void issue_products(const Block& block, float (&products)[kKeyTiles][4]) {
    using namespace warpgroup_backward;
    const int first_row = block.thread() / kWarpgroup * 64;
    issue_steps<GradientSteps<Size>>(
        block, [&](const int(&chunks)[2]) { return chunks_of_rows<kQueries>(Rows::kGradientsAt, chunks, first_row); },
        [&](const int(&chunks)[2]) { return chunks_of_values<value_columns(Size::layout())>(Rows::kValuesAt, chunks); },
        products);
  }

  // A group's loop over key tiles. dP is multiplied while P is computed. There are not enough registers to overlap
  // more; meanwhile the other group can use the tensor cores.
  template <class Block>
  static FLASHRNA_DEVICE void compute(const Block& block, float half_weight, int n, float (&sums)[kColumnTiles][4],
                                      SlopeSums (&slopes)[2]) {
    using namespace warpgroup_backward;
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2;
      float logits[kKeyTiles][4], products[kKeyTiles][4];
      std::uint32_t ds[kKeyTiles][2];
      block.wait(barrier(kKeysReady + stage), j / 2 % 2);
      issue_logits(block, stage, logits);
      block.wait(barrier(kValuesReady), j % 2);
      issue_products(block, products);
      block.template wait_products<1>();
      pin(block, logits);
      Rows::correct_logits(block, keys_at(stage), logits);
      Rows::exponentiate(block, half_weight, keys_at(stage), logits);
      block.template wait_products<0>();
      pin(block, products);
      release(block, barrier(kValuesDone));
      Rows::compute_slopes(block, keys_at(stage), logits, products, slopes, ds);
      issue_rows<kKeys>(block, ds, keys_at(stage), sums);
      block.template wait_products<0>();
      pin(block, sums);
      release(block, barrier(kKeysDone + stage));
    }
  }

  // Grid: (query tile, entry and head, part of the keys), kThreads threads.
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const BackwardProblem& problem) {
    using namespace warpgroup_backward;
    const int entry_head = block.block_y();
    const int length = problem.in.length_of(entry_head / problem.in.H);
    if (block.block_x() * kQueries >= length) return;
    const Part part = part_of_tiles((length + kKeys - 1) / kKeys, problem.parts, block.block_z());
    const int n = part.last - part.first;
    if (n == 0) return;
    if (block.thread() == 0) {
      for (int which = 0; which < kBarriers; ++which) {
        const bool done = which == kValuesDone || which >= kKeysDone;
        block.init_barrier(barrier(which), done ? kConsumers / kWarp : 1);
      }
      block.publish_barriers();
    }
    block.sync();
    if (block.uniform(block.thread() / kWarpgroup) == 2) {
      block.template give_registers<kLoaderRegisters>();
      if (block.thread() == kConsumers) {
        load(block, problem.tiles.queries.tile(entry_head, block.block_x(), Rows::kQueryBytes),
             problem.gradient_tiles.tile(entry_head, block.block_x(), Rows::kGradientBytes),
             problem.tiles.keys.tile(entry_head, part.first, Rows::kKeyBytes),
             problem.tiles.values.tile(entry_head, part.first, Rows::kValueBytes), n);
      }
      return;
    }
    block.template take_registers<kConsumerRegisters>();
    const Consumers<Block> consumers(block);
    float sums[kColumnTiles][4];
    SlopeSums slopes[2];
    set_zero(sums);
    block.wait(barrier(kQueriesReady), 0);
    compute(consumers, half_point_weight(Size::layout(), problem.in.point_weights[entry_head % problem.in.H]), n, sums,
            slopes);
    consumers.sync();
    const int first_row = block.thread() / kWarp * 16;
    put_sums<Rows::kStride>(consumers, sums, 0, first_row, 0);
    backward_block::put_slopes<Rows::kStride>(consumers, slopes, 0, first_row);
    consumers.sync();
    // Computed only here, to save registers in the loop.
    Rows::leave(consumers, problem, rows_of_tile(problem.in, block.block_y(), block.block_x(), kQueries),
                problem.tiles.queries.tile(block.block_y(), block.block_x(), Rows::kQueryBytes),
                problem.gradient_tiles.tile(block.block_y(), block.block_x(), Rows::kGradientBytes));
  }
};

// Both groups work on the same 64 keys, as each pair of warps of KeyGradientKernel works on the same 16. Queries with
// their gradients have two stages, and P, which one group passes to the other, has two buffers. The products of a tile
// overlap the logits or dP of the next tile, so a stage is released one iteration later.
template <int kC, int kPair>
struct KeyGradientKernelSm90 {
  static constexpr Tile kTile = kKeyGradientTileSm90;
  static constexpr int kQueries = kTile.queries, kKeys = kTile.keys;
  using Rows = KeyGradientKernel<kC, kPair, kQueries, kKeys>;
  using Size = typename Rows::Size;
  static constexpr int kThreads = warpgroup_backward::kThreads;
  static constexpr int kQueryTiles = Rows::kQueryTiles, kColumnTiles = Rows::kColumnTiles,
                       kValueTiles = Rows::kValueTiles;
  static_assert(Rows::kThreads == warpgroup_backward::kConsumers && Rows::kGroup == kWarpgroup);

  // Shared memory is that of Rows with a second buffer for P, followed by the barriers. There are two barriers of each
  // kind except the first, one per stage or buffer.
  enum Barrier {
    kKeysReady,
    kQueriesReady,
    kQueriesDone = kQueriesReady + 2,
    kProbabilitiesReady = kQueriesDone + 2,
    kBarriers = kProbabilitiesReady + 2
  };
  static constexpr int kBarriersAt = Rows::kProbabilitiesAt + 2 * Rows::kProbabilityBytes;
  static constexpr int kSharedBytes = kBarriersAt + 8 * kBarriers;
  static_assert(kSharedBytes == warpgroup_key_gradient_shared_bytes(Size::layout()));

  static FLASHRNA_DEVICE std::uint32_t barrier(int which) {
    return static_cast<std::uint32_t>(kBarriersAt + 8 * which);
  }
  static FLASHRNA_DEVICE int probabilities_at(int buffer) {
    return Rows::kProbabilitiesAt + buffer * Rows::kProbabilityBytes;
  }

  template <class Block>
  static FLASHRNA_DEVICE void load(const Block& block, const char* keys, const char* values, const char* queries,
                                   const char* gradients, int n) {
    block.arrive_expecting(barrier(kKeysReady), Rows::kKeyBytes + Rows::kValueBytes);
    block.copy_tile(0, keys, Rows::kKeyBytes, barrier(kKeysReady));
    block.copy_tile(Rows::kValuesAt, values, Rows::kValueBytes, barrier(kKeysReady));
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2;
      if (j >= 2) block.wait(barrier(kQueriesDone + stage), (j / 2 + 1) % 2);
      block.arrive_expecting(barrier(kQueriesReady + stage), Rows::kStageBytes);
      block.copy_tile(Rows::queries_at(stage), queries, Rows::kQueryBytes, barrier(kQueriesReady + stage));
      block.copy_tile(Rows::gradients_at(stage), gradients, Rows::kGradientBytes, barrier(kQueriesReady + stage));
      queries += Rows::kQueryBytes;
      gradients += Rows::kGradientBytes;
    }
  }

  // Rounds P of tile j, computed in the registers of the logits, to an operand for both groups. The buffer is free: the
  // queries of tile j have arrived, so the other group has released stage j - 2 and with it the buffer of P.
  template <class Block>
  static FLASHRNA_DEVICE void share_probabilities(const Block& block, int j, const float (&logits)[kQueryTiles][4],
                                                  std::uint32_t (&p)[kQueryTiles][2]) {
    const int buffer = j % 2;
    Rows::round_probabilities(logits, p);
    Rows::put_probabilities(block, p, probabilities_at(buffer));
    release(block, barrier(kProbabilitiesReady + buffer));
  }

  template <class Block>
  static FLASHRNA_DEVICE void issue_logits(const Block& block, int stage, float (&logits)[kQueryTiles][4]) {
    using namespace warpgroup_backward;
    issue_steps<Swapped<LogitSteps<Size>>>(
        block, [&](const int(&chunks)[2]) { return chunks_of_rows<kKeys>(0, chunks); },
        [&](const int(&chunks)[2]) { return chunks_of_rows<kQueries>(Rows::queries_at(stage), chunks); }, logits);
  }

  // The first group computes P and P G.
  template <class Block>
  static FLASHRNA_DEVICE void compute_values(const Block& block, float half_weight, int n,
                                             float (&sums)[kValueTiles][4]) {
    using namespace warpgroup_backward;
    const int first_row = block.thread() / kWarp * 16;
    float logits[kQueryTiles][4];
    std::uint32_t p[kQueryTiles][2];
    block.wait(barrier(kQueriesReady), 0);
    issue_logits(block, 0, logits);
    block.template wait_products<0>();
    pin(block, logits);
    Rows::exponentiate(block, half_weight, 0, first_row, logits);
    share_probabilities(block, 0, logits, p);
    FLASHRNA_NO_UNROLL
    for (int j = 1; j < n; ++j) {
      const int stage = j % 2;
      block.wait(barrier(kQueriesReady + stage), j / 2 % 2);
      issue_logits(block, stage, logits);
      issue_rows<kQueries>(block, p, Rows::gradients_at(1 - stage), sums);
      block.template wait_products<1>();
      pin(block, logits);
      Rows::exponentiate(block, half_weight, stage, first_row, logits);
      block.template wait_products<0>();
      pin(block, sums);
      pin(block, logits);
      release(block, barrier(kQueriesDone + 1 - stage));
      share_probabilities(block, j, logits, p);
    }
    issue_rows<kQueries>(block, p, Rows::gradients_at((n - 1) % 2), sums);
    block.template wait_products<0>();
    pin(block, sums);
  }

  template <class Block>
  static FLASHRNA_DEVICE void issue_products(const Block& block, int stage, float (&products)[kQueryTiles][4]) {
    using namespace warpgroup_backward;
    issue_steps<Swapped<GradientSteps<Size>>>(
        block,
        [&](const int(&chunks)[2]) { return chunks_of_values<value_columns(Size::layout())>(Rows::kValuesAt, chunks); },
        [&](const int(&chunks)[2]) { return chunks_of_rows<kQueries>(Rows::gradients_at(stage), chunks); }, products);
  }

  // Computes dS of tile j from dP and the P of the other group.
  template <class Block>
  static FLASHRNA_DEVICE void compute_slopes(const Block& block, int j, const float (&products)[kQueryTiles][4],
                                             SlopeSums (&slopes)[2], std::uint32_t (&ds)[kQueryTiles][2]) {
    const int buffer = j % 2;
    block.wait(barrier(kProbabilitiesReady + buffer), j / 2 % 2);
    Rows::compute_slopes(block, buffer, probabilities_at(buffer), products, slopes, ds);
  }

  // The second group computes dP, dS, and dS Q.
  template <class Block>
  static FLASHRNA_DEVICE void compute_keys(const Block& block, int n, float (&sums)[kColumnTiles][4],
                                           SlopeSums (&slopes)[2]) {
    using namespace warpgroup_backward;
    float products[kQueryTiles][4];
    std::uint32_t ds[kQueryTiles][2];
    block.wait(barrier(kQueriesReady), 0);
    issue_products(block, 0, products);
    block.template wait_products<0>();
    pin(block, products);
    compute_slopes(block, 0, products, slopes, ds);
    FLASHRNA_NO_UNROLL
    for (int j = 1; j < n; ++j) {
      const int stage = j % 2;
      block.wait(barrier(kQueriesReady + stage), j / 2 % 2);
      issue_products(block, stage, products);
      issue_rows<kQueries>(block, ds, Rows::queries_at(1 - stage), sums);
      block.template wait_products<0>();
      pin(block, sums);
      pin(block, products);
      release(block, barrier(kQueriesDone + 1 - stage));
      compute_slopes(block, j, products, slopes, ds);
    }
    issue_rows<kQueries>(block, ds, Rows::queries_at((n - 1) % 2), sums);
    block.template wait_products<0>();
    pin(block, sums);
  }

  // Grid: (key tile, entry and head, part of the queries), kThreads threads. Runs after QueryGradientKernelSm90.
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const BackwardProblem& problem) {
    using namespace warpgroup_backward;
    const int entry_head = block.block_y();
    const int length = problem.in.length_of(entry_head / problem.in.H);
    if (block.block_x() * kKeys >= length) return;
    const Part part = part_of_tiles((length + kQueries - 1) / kQueries, problem.parts, block.block_z());
    const int n = part.last - part.first;
    if (n == 0) return;
    if (block.thread() == 0) {
      for (int which = 0; which < kBarriers; ++which) {
        const int warps = which < kQueriesDone ? 1 : which < kProbabilitiesReady ? kConsumers / kWarp : Rows::kRowWarps;
        block.init_barrier(barrier(which), warps);
      }
      block.publish_barriers();
    }
    block.sync();
    const int group = block.uniform(block.thread() / kWarpgroup);
    if (group == 2) {
      block.template give_registers<kLoaderRegisters>();
      if (block.thread() == kConsumers) {
        load(block, problem.tiles.keys.tile(entry_head, block.block_x(), Rows::kKeyBytes),
             problem.tiles.values.tile(entry_head, block.block_x(), Rows::kValueBytes),
             problem.tiles.queries.tile(entry_head, part.first, Rows::kQueryBytes),
             problem.gradient_tiles.tile(entry_head, part.first, Rows::kGradientBytes), n);
      }
      return;
    }
    block.template take_registers<kConsumerRegisters>();
    block.wait(barrier(kKeysReady), 0);
    const auto rows = [&] { return rows_of_tile(problem.in, block.block_y(), block.block_x(), kKeys); };
    if (group == 0) {
      float sums[kValueTiles][4];
      set_zero(sums);
      compute_values(block, half_point_weight(Size::layout(), problem.in.point_weights[entry_head % problem.in.H]), n,
                     sums);
      Rows::leave_values(block, problem, rows(), sums);
    } else {
      float sums[kColumnTiles][4];
      SlopeSums slopes[2];
      set_zero(sums);
      compute_keys(block, n, sums, slopes);
      Rows::leave_keys(block, problem, rows(), sums, slopes);
    }
  }
};

}  // namespace flashrna::fused_ipa
