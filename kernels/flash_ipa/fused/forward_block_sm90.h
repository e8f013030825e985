// Forward of the fused kernel with wgmma, for devices of capability 9.0. A block computes 128 queries of one head. Two
// consumer warpgroups compute 64 rows each. In the third warpgroup one thread loads tiles, and three warps compute the
// keys' corrections. Keys and values have two stages in shared memory.
//
// In fast mode the logits of tile j and the product with the values of tile j - 1 run at the same time, so that the
// tensor cores stay busy during the softmax. The two consumer groups do not order their work relative to each other.
// Blocks do not form clusters: each block copies its own tiles, without multicast. Everything except copies and
// products is shared with ForwardKernel.
#pragma once

#include "kernels/flash_ipa/fused/forward_block.h"
#include "kernels/flash_ipa/fused/warpgroup_block.h"

namespace flashrna::fused_ipa {

template <int kC, int kPair, bool kStrict>
struct ForwardKernelSm90 {
  static constexpr int kQueries = kForwardTileSm90.queries, kKeys = kForwardTileSm90.keys;
  using Rows = ForwardKernel<kC, kPair, kQueries, kKeys, kStrict>;
  using Size = typename Rows::Size;
  using Sums = typename Rows::Sums;
  static constexpr int kConsumers = 2 * kWarpgroup, kThreads = 3 * kWarpgroup;
  static constexpr int kKeyTiles = Rows::kKeyTiles, kMainTiles = Rows::kMainTiles, kPointTiles = Rows::kPointTiles;

  // Shared memory: queries, two stages of keys and values, their corrections, barriers. Finished rows reuse the memory
  // of the tiles.
  static constexpr int kStageBytes = Rows::kKeyBytes + Rows::kValueBytes;
  static constexpr int kStagesAt = Rows::kQueryBytes;
  static constexpr int kCorrectionBytes = static_cast<int>(sizeof(float)) * kKeys;
  static constexpr int kCorrectionsAt = kStagesAt + 2 * kStageBytes;
  // o_I - o_J and tile_correction() of the last four tiles. A warp still reads them after it has released the tile's
  // keys, when the entries of the tile after next may already have been written.
  static constexpr int kDifferences = 4;
  static constexpr int kDifferencesAt = kCorrectionsAt + 2 * kCorrectionBytes;
  static constexpr int kBarriersAt = kDifferencesAt + 16 * kDifferences;
  static constexpr int kSharedBytes = kBarriersAt + 8 * 11;
  static_assert(kSharedBytes == warpgroup_forward_shared_bytes(Size::layout()));
  static_assert(Rows::kSumsAt + static_cast<int>(sizeof(PartSums)) * kQueries <= kCorrectionsAt);

  static FLASHRNA_DEVICE int keys_at(int stage) { return kStagesAt + stage * kStageBytes; }
  static FLASHRNA_DEVICE int values_at(int stage) { return kStagesAt + stage * kStageBytes + Rows::kKeyBytes; }
  static FLASHRNA_DEVICE int corrections_at(int stage) { return kCorrectionsAt + stage * kCorrectionBytes; }

  static FLASHRNA_DEVICE int difference_at(int j) { return kDifferencesAt + 16 * (j % kDifferences); }

  // Barriers: five per stage, then one for the queries.
  enum Barrier { kKeysReady, kValuesReady, kCorrectionsReady, kKeysDone, kValuesDone, kBarriersOfStage };
  static FLASHRNA_DEVICE std::uint32_t barrier(Barrier which, int stage) {
    return static_cast<std::uint32_t>(kBarriersAt + 8 * (stage * kBarriersOfStage + which));
  }
  static constexpr std::uint32_t kQueriesReady = kBarriersAt + 8 * 2 * kBarriersOfStage;
  static constexpr int kCorrectionThreads = 96;

  template <class Block>
  static FLASHRNA_DEVICE void pin(const Block& block, Sums& sums) {
    fused_ipa::pin(block, sums.main);
    fused_ipa::pin(block, sums.points);
  }
  template <class Block, int kTiles>
  static FLASHRNA_DEVICE void pin(const Block& block, float (&x)[kTiles][4]) {
    fused_ipa::pin(block, x);
  }

  // Issues Q K^T for the group's 64 rows, in the order of logit_step().
  template <class Block>
  static FLASHRNA_DEVICE void issue_logits(const Block& block, int stage, float (&logits)[kKeyTiles][4]) {
    constexpr Layout l = Size::layout();
    const std::uint32_t queries = kHalfRow * (block.thread() / kWarpgroup * 64), keys = keys_at(stage);
    pin(block, logits);
    block.begin_products();
    FLASHRNA_UNROLL
    for (int s = 0; s < logit_steps(l); ++s) {
      const Step step = logit_step(l, s);
      const GroupMatrix a{queries + kHalfRow * kQueries * step.a[0],
                          static_cast<std::uint32_t>(kHalfRow * kQueries * (step.a[1] - step.a[0])), 8 * kHalfRow};
      const GroupMatrix b{keys + kHalfRow * kKeys * step.b[0],
                          static_cast<std::uint32_t>(kHalfRow * kKeys * (step.b[1] - step.b[0])), 8 * kHalfRow};
      block.group_multiply(logits, a, b, s > 0);
    }
    block.commit_products();
  }

  // Operand of step s of the values, starting at a column.
  static FLASHRNA_DEVICE GroupMatrix values_of(int stage, int s, int column) {
    constexpr int kColumns = value_columns(Size::layout());
    return {static_cast<std::uint32_t>(values_at(stage) + kHalfRow * (2 * s * kColumns + column)), kHalfRow * kColumns,
            8 * kHalfRow};
  }

  // Issues step s of P times columns of the values and accumulates into `sums`.
  template <class Block, int kTiles>
  static FLASHRNA_DEVICE void issue_step(const Block& block, const std::uint32_t (&p)[kKeyTiles][2], int stage, int s,
                                         int column, float (&sums)[kTiles][4], bool add = true) {
    block.group_multiply(sums, p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1], values_of(stage, s, column),
                         add);
  }

  template <class Block>
  static FLASHRNA_DEVICE void issue_values(const Block& block, int stage, const std::uint32_t (&p)[kKeyTiles][2],
                                           Sums& sums) {
    constexpr int kHi = 8 * kMainTiles, kLo = kHi + 8 * kPointTiles;
    pin(block, sums);
    block.begin_products();
    FLASHRNA_UNROLL
    for (int s = 0; s < kKeys / 16; ++s) {
      issue_step(block, p, stage, s, 0, sums.main);
      issue_step(block, p, stage, s, kHi, sums.points);
      issue_step(block, p, stage, s, kLo, sums.points);
    }
    block.commit_products();
  }

  // Strict mode: `rest` before P, and points per tile from zero; see ForwardKernel::multiply_points_strictly().
  template <class Block>
  static FLASHRNA_DEVICE void multiply_values_strictly(const Block& block, int stage,
                                                       const std::uint32_t (&p)[kKeyTiles][2],
                                                       const std::uint32_t (&rest)[kKeyTiles][2], Sums& sums) {
    constexpr int kHi = 8 * kMainTiles, kLo = kHi + 8 * kPointTiles, kSteps = kKeys / 16;
    float tile[kPointTiles][4] = {};
    pin(block, sums);
    pin(block, tile);
    block.begin_products();
    FLASHRNA_UNROLL
    for (int s = 0; s < kSteps; ++s) issue_step(block, rest, stage, s, 0, sums.main);
    FLASHRNA_UNROLL
    for (int s = 0; s < kSteps; ++s) issue_step(block, p, stage, s, 0, sums.main);
    FLASHRNA_UNROLL
    for (int s = 0; s < kSteps; ++s) {
      issue_step(block, rest, stage, s, kHi, tile, s > 0);
      issue_step(block, p, stage, s, kLo, tile);
    }
    FLASHRNA_UNROLL
    for (int s = 0; s < kSteps; ++s) issue_step(block, p, stage, s, kHi, tile);
    block.commit_products();
    block.template wait_products<0>();
    pin(block, sums);
    pin(block, tile);
    FLASHRNA_UNROLL
    for (int n = 0; n < kPointTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) sums.points[n][i] += tile[n][i];
    }
  }

  // Lane 0 arrives on the barrier once its warp no longer reads the stage.
  template <class Block>
  static FLASHRNA_DEVICE void release(const Block& block, Barrier which, int stage) {
    fused_ipa::release(block, barrier(which, stage));
  }

  // Run by one thread: loads the queries and n tiles of keys and values.
  template <class Block>
  static FLASHRNA_DEVICE void load(const Block& block, const char* queries, const char* keys, const char* values,
                                   int n) {
    block.arrive_expecting(kQueriesReady, Rows::kQueryBytes);
    block.copy_tile(0, queries, Rows::kQueryBytes, kQueriesReady);
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2, earlier = (j / 2 + 1) % 2;  // parity of the phase in which the stage was last read
      if (j >= 2) block.wait(barrier(kKeysDone, stage), earlier);
      block.arrive_expecting(barrier(kKeysReady, stage), Rows::kKeyBytes);
      block.copy_tile(keys_at(stage), keys, Rows::kKeyBytes, barrier(kKeysReady, stage));
      if (j >= 2) block.wait(barrier(kValuesDone, stage), earlier);
      block.arrive_expecting(barrier(kValuesReady, stage), Rows::kValueBytes);
      block.copy_tile(values_at(stage), values, Rows::kValueBytes, barrier(kValuesReady, stage));
      keys += Rows::kKeyBytes;
      values += Rows::kValueBytes;
    }
  }

  // Run by three warps: each thread computes the correction of one key.
  template <class Block>
  static FLASHRNA_DEVICE void correct_keys(const Block& block, int thread, float half_weight, int n) {
    constexpr Layout l = Size::layout();
    if (n == 0) return;
    block.wait(kQueriesReady, 0);
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2;
      block.wait(barrier(kKeysReady, stage), j / 2 % 2);
      const RowHeader header = block.template shared<RowHeader>(keys_at(stage) + headers_offset(l, kKeys))[thread];
      const Vec3 difference = Rows::difference_of_origins(block, keys_at(stage));
      block.template shared<float>(corrections_at(stage))[thread] = key_correction(difference, header);
      if (thread == 0) {
        *block.template shared<RowHeader>(difference_at(j)) = {difference.x, difference.y, difference.z,
                                                               tile_correction(difference, half_weight)};
      }
      block.arrive(barrier(kCorrectionsReady, stage));
    }
  }

  // Replaces the complete logits of a tile by P and releases the keys.
  template <class Block>
  static FLASHRNA_DEVICE void compute_softmax(const Block& block, int j, float (&logits)[kKeyTiles][4], Sums& sums,
                                              SoftmaxTile (&tile)[2]) {
    const int stage = j % 2;
    pin(block, logits);
    block.wait(barrier(kCorrectionsReady, stage), j / 2 % 2);
    float of_rows[2];
    const RowHeader tiles = *block.template shared<RowHeader>(difference_at(j));
    Rows::correct_rows(block, Vec3{tiles.x, tiles.y, tiles.z}, tiles.w, of_rows);
    Rows::begin_softmax(block, corrections_at(stage), of_rows, logits, sums, tile);
    Rows::exponentiate(tile, logits);
    release(block, kKeysDone, stage);
  }

  template <class Block>
  static FLASHRNA_DEVICE void compute_fast(const Block& block, int n, Sums& sums) {
    float logits[kKeyTiles][4];
    std::uint32_t p[kKeyTiles][2], unused[kKeyTiles][2];
    SoftmaxTile tile[2];
    block.wait(barrier(kKeysReady, 0), 0);
    issue_logits(block, 0, logits);
    block.template wait_products<0>();
    compute_softmax(block, 0, logits, sums, tile);
    Rows::round_probabilities(*block.template shared<Vec3>(difference_at(0)), logits, sums, p, unused);
    FLASHRNA_NO_UNROLL
    for (int j = 1; j < n; ++j) {
      const int stage = j % 2;
      block.wait(barrier(kKeysReady, stage), j / 2 % 2);
      issue_logits(block, stage, logits);
      Rows::scale_sums(tile, sums);
      block.wait(barrier(kValuesReady, 1 - stage), (j - 1) / 2 % 2);
      issue_values(block, 1 - stage, p, sums);
      block.template wait_products<1>();
      compute_softmax(block, j, logits, sums, tile);
      // Only now the registers of the previous P and of the sums may be accessed again.
      block.template wait_products<0>();
      pin(block, sums);
      pin(block, logits);
      release(block, kValuesDone, 1 - stage);
      Rows::round_probabilities(*block.template shared<Vec3>(difference_at(j)), logits, sums, p, unused);
    }
    Rows::scale_sums(tile, sums);
    block.wait(barrier(kValuesReady, (n - 1) % 2), (n - 1) / 2 % 2);
    issue_values(block, (n - 1) % 2, p, sums);
    block.template wait_products<0>();
    pin(block, sums);
  }

  template <class Block>
  static FLASHRNA_DEVICE void compute_strictly(const Block& block, int n, Sums& sums) {
    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n; ++j) {
      const int stage = j % 2, parity = j / 2 % 2;
      float logits[kKeyTiles][4];
      std::uint32_t p[kKeyTiles][2], rest[kKeyTiles][2];
      SoftmaxTile tile[2];
      block.wait(barrier(kKeysReady, stage), parity);
      issue_logits(block, stage, logits);
      block.template wait_products<0>();
      compute_softmax(block, j, logits, sums, tile);
      Rows::round_probabilities(*block.template shared<Vec3>(difference_at(j)), logits, sums, p, rest);
      Rows::scale_sums(tile, sums);
      block.wait(barrier(kValuesReady, stage), parity);
      multiply_values_strictly(block, stage, p, rest, sums);
      release(block, kValuesDone, stage);
    }
  }

  // Grid: (query tile, entry and head, part of the keys), kThreads threads. The two roles get different numbers of
  // registers per thread: 240 in each consumer group and 24 in the third group, of 168 on average.
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const ForwardProblem& problem) {
    const int entry_head = block.block_y(), length = problem.in.length_of(entry_head / problem.in.H);
    if (block.block_x() * kQueries >= length) return;
    const Part part = part_of_tiles((length + kKeys - 1) / kKeys, problem.parts, block.block_z());
    const int n = part.last - part.first;
    if (block.thread() == 0) {
      for (int stage = 0; stage < 2; ++stage) {
        block.init_barrier(barrier(kKeysReady, stage), 1);
        block.init_barrier(barrier(kValuesReady, stage), 1);
        block.init_barrier(barrier(kCorrectionsReady, stage), kCorrectionThreads);
        block.init_barrier(barrier(kKeysDone, stage), kConsumers / kWarp);
        block.init_barrier(barrier(kValuesDone, stage), kConsumers / kWarp);
      }
      block.init_barrier(kQueriesReady, 1);
      block.publish_barriers();
    }
    block.sync();
    if (block.uniform(block.thread() / kWarpgroup) == 2) {
      block.template give_registers<24>();
      const int thread = block.thread() - kConsumers;
      if (thread < kCorrectionThreads) {
        correct_keys(block, thread,
                     half_point_weight(Size::layout(), problem.in.point_weights[entry_head % problem.in.H]), n);
      } else if (thread == kCorrectionThreads) {
        load(block, problem.tiles.queries.tile(entry_head, block.block_x(), Rows::kQueryBytes),
             problem.tiles.keys.tile(entry_head, part.first, Rows::kKeyBytes),
             problem.tiles.values.tile(entry_head, part.first, Rows::kValueBytes), n);
        block.wait(kQueriesReady, 0);  // the thread must not exit before its copies are complete
      }
      return;
    }
    block.template take_registers<240>();
    const Consumers<Block> consumers(block);
    Sums sums;
    Rows::set_zero(sums);
    block.wait(kQueriesReady, 0);
    if (n > 0) {
      if constexpr (kStrict) {
        compute_strictly(consumers, n, sums);
      } else {
        compute_fast(consumers, n, sums);
      }
    }
    consumers.sync();
    Rows::put_rows(consumers, sums);
    consumers.sync();
    // Computed only here, to save registers in the loop.
    const TileRows rows = rows_of_tile(problem.in, block.block_y(), block.block_x(), kQueries);
    Rows::finish(consumers, problem, rows,
                 problem.tiles.queries.tile(block.block_y(), block.block_x(), Rows::kQueryBytes));
  }
};

}  // namespace flashrna::fused_ipa
