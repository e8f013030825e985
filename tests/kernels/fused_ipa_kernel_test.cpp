// Runs the source of the CUDA kernels on the host thread by thread and compares it with the emulator bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/flash_ipa/fused/forward_block.h"
#include "kernels/flash_ipa/fused/forward_block_sm90.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_kernel_runs.h"
#include "tests/kernels/fused_ipa_operands.h"

namespace flashrna {
namespace {

using namespace fused_ipa;

template <class Size>
struct LiftedBatch {
  LiftedBatch(const RaggedBatch& batch, int queries, int keys)
      : query_bytes(logit_tile_bytes(Size::layout(), queries)),
        key_bytes(logit_tile_bytes(Size::layout(), keys)),
        value_bytes(value_tile_bytes(Size::layout(), keys)),
        query_memory(all(batch, queries) * query_bytes),
        key_memory(all(batch, keys) * key_bytes),
        value_memory(all(batch, keys) * value_bytes) {
    tiles.queries = {query_memory.begin(), batch.tiles(queries)};
    tiles.keys = {key_memory.begin(), batch.tiles(keys)};
    tiles.values = {value_memory.begin(), batch.tiles(keys)};
    tiles.extremes = &extremes;
  }
  static std::size_t all(const RaggedBatch& batch, int rows) {
    return static_cast<std::size_t>(batch.in.B) * batch.in.H * batch.tiles(rows);
  }

  int query_bytes, key_bytes, value_bytes;
  DeviceMemory query_memory, key_memory, value_memory;
  unsigned long long extremes = 0;
  OperandTiles tiles;
};

template <class Size, int kQueries, int kKeys>
void lift(const RaggedBatch& batch, const OperandTiles& tiles) {
  const int entry_heads = batch.in.B * batch.in.H, shared = sizeof(Vec3) * kOriginLanes;
  run_blocks(launch_of(batch.tiles(kQueries), entry_heads, 1, 128, shared),
             [&](const SimulatedBlock& block) { write_query_tile<Size, kQueries>(block, batch.in, tiles); });
  run_blocks(launch_of(batch.tiles(kKeys), entry_heads, 1, 128, shared),
             [&](const SimulatedBlock& block) { write_key_tile<Size, kKeys>(block, batch.in, tiles); });
}

template <typename Tile>
void expect_equal_image(const Layout& l, const char* got, const Tile& expected, int rows, const std::string& what) {
  // All bytes before the tile's header, which the emulator does not keep in its image.
  EXPECT_EQ(std::memcmp(got, expected.image.data(), tile_header_offset(l, rows)), 0) << what;
  TileHeader header;
  std::memcpy(&header, got + tile_header_offset(l, rows), sizeof(header));
  EXPECT_EQ(header.origin[0], expected.origin.x) << what;
  EXPECT_EQ(header.origin[1], expected.origin.y) << what;
  EXPECT_EQ(header.origin[2], expected.origin.z) << what;
  EXPECT_EQ(header.n_rows, expected.n) << what;
}

template <int kC, int kPair, int kQueries, int kKeys>
void expect_lift_equals_emulator(HeadSize size) {
  using Size = TensorCoreSize<kC, kPair>;
  RaggedBatch batch(size, 3, {kQueries + 41, 0, 1, kKeys});
  std::vector<float> key_bias(batch.in.N, 0.25f);
  batch.in.key_bias = key_bias.data();
  LiftedBatch<Size> lifted(batch, kQueries, kKeys);
  lift<Size, kQueries, kKeys>(batch, lifted.tiles);
  const Layout l = make_layout(size);
  for (int entry_head = 0; entry_head < batch.in.B * batch.in.H; ++entry_head) {
    const int b = entry_head / batch.in.H;
    const HeadOfEntry head{batch.first_rows[b], static_cast<int>(batch.lengths[b]), entry_head % batch.in.H};
    for (int tile = 0; tile * kQueries < head.length; ++tile) {
      expect_equal_image(l, lifted.tiles.queries.tile(entry_head, tile, lifted.query_bytes),
                         make_query_tile(batch.in, l, head, tile * kQueries, kQueries), kQueries,
                         "queries " + std::to_string(entry_head) + ", tile " + std::to_string(tile));
    }
    for (int tile = 0; tile * kKeys < head.length; ++tile) {
      const std::string where = std::to_string(entry_head) + ", tile " + std::to_string(tile);
      expect_equal_image(l, lifted.tiles.keys.tile(entry_head, tile, lifted.key_bytes),
                         make_key_tile(batch.in, l, head, tile * kKeys, kKeys), kKeys, "keys " + where);
      const ValueTile values = make_value_tile(batch.in, l, head, tile * kKeys, kKeys);
      EXPECT_EQ(std::memcmp(lifted.tiles.values.tile(entry_head, tile, lifted.value_bytes), values.image.data(),
                            lifted.value_bytes),
                0)
          << "values " << where;
    }
  }
  EXPECT_EQ(lifted.extremes, 0u);
}

TEST(FusedIpaLiftKernel, WritesTheEmulatorsBytes) {
  expect_lift_equals_emulator<128, 64, 128, 64>({128, 8, 12, 2, 32});
  expect_lift_equals_emulator<16, 32, 64, 48>({16, 8, 12, 4, 8});
  expect_lift_equals_emulator<32, 0, 64, 48>({32, 8, 12, 0, 0});
}

TEST(FusedIpaLiftKernel, CountsNumbersThatNoHalfHolds) {
  using Size = TensorCoreSize<16, 32>;
  RaggedBatch batch({16, 8, 12, 2, 16}, 2, {70});
  std::vector<float> v(batch.in.v, batch.in.v + batch.in.N * batch.in.H * batch.in.size.C);
  v[(batch.first_rows[0] + 3) * batch.in.H * batch.in.size.C] = 1e6f;
  batch.in.v = v.data();
  LiftedBatch<Size> lifted(batch, 64, 48);
  lift<Size, 64, 48>(batch, lifted.tiles);
  EXPECT_EQ(lifted.extremes, 1u);
  std::vector<float> q(batch.in.q, batch.in.q + batch.in.N * batch.in.H * batch.in.size.C);
  q[(batch.first_rows[0] + 69) * batch.in.H * batch.in.size.C + 5] = NAN;
  batch.in.q = q.data();
  lift<Size, 64, 48>(batch, lifted.tiles);
  EXPECT_EQ(lifted.extremes, 3u);
}

// Forward ------------------------------------------------------------------------------------------------------------

// `Kernel` computes a tile. `Rows`, the ForwardKernel of the same sizes, combines parts.
template <class Kernel, class Rows, int kQueries, int kKeys, bool kStrict>
void expect_kernel_equals_emulator(HeadSize size, int H, const std::vector<std::int64_t>& lengths, int parts,
                                   Accumulation accumulation) {
  using Size = typename Rows::Size;
  RaggedBatch batch(size, H, lengths);
  std::vector<float> key_bias(batch.in.N, 0.0f);
  for (std::size_t i = 0; i < key_bias.size(); i += 5) key_bias[i] = -INFINITY;
  batch.in.key_bias = key_bias.data();
  LiftedBatch<Size> lifted(batch, kQueries, kKeys);
  lift<Size, kQueries, kKeys>(batch, lifted.tiles);

  FusedIpaResult got(batch.in), expected(batch.in);
  ForwardProblem problem;
  problem.in = batch.in;
  problem.tiles = lifted.tiles;
  problem.out = got.pointers();
  problem.parts = parts;
  const int entry_heads = batch.in.B * H, tiles = batch.tiles(kQueries);
  std::vector<float> columns(static_cast<std::size_t>(parts) * entry_heads * tiles * kQueries * Rows::kColumns, NAN);
  std::vector<PartSums> sums(static_cast<std::size_t>(parts) * entry_heads * tiles * kQueries, {NAN, NAN});
  problem.part_columns = columns.data();
  problem.part_sums = sums.data();
  EmulatorOptions options;
  options.tile = {kQueries, kKeys};
  options.strict = kStrict;
  options.parts = parts;
  options.accumulation = accumulation;
  emulate_forward(batch.in, options, expected.pointers());
  // Runs several orders of warps and copies; kernels with barriers in shared memory run in more orders.
  for (std::uint64_t seed = 0; seed < (std::is_same_v<Kernel, Rows> ? 1 : 3); ++seed) {
    SimulatedLaunch launch = launch_of(tiles, entry_heads, parts, Kernel::kThreads, Kernel::kSharedBytes, accumulation);
    launch.seed = seed;
    run_blocks(launch, [&](const SimulatedBlock& block) { Kernel::run(block, problem); });
    if (parts > 1) {
      run_blocks(launch_of(tiles * Rows::kCombineBlocks, entry_heads, 1, Rows::kThreads, Rows::kCombineSharedBytes),
                 [&](const SimulatedBlock& block) { Rows::combine_parts(block, problem); });
    }

    expect_same(got.scalars, expected.scalars, "scalars");
    expect_same(got.points, expected.points, "points");
    expect_same(got.point_norms, expected.point_norms, "point norms");
    expect_same(got.pairs, expected.pairs, "pairs");
    expect_same(got.pair_sums, expected.pair_sums, "pair sums");
    expect_same(got.lse, expected.lse, "lse");
  }
}

template <int kC, int kPair, int kQueries, int kKeys, bool kStrict>
void expect_forward_equals_emulator(HeadSize size, int H, const std::vector<std::int64_t>& lengths, int parts,
                                    Accumulation accumulation) {
  using Kernel = ForwardKernel<kC, kPair, kQueries, kKeys, kStrict>;
  expect_kernel_equals_emulator<Kernel, Kernel, kQueries, kKeys, kStrict>(size, H, lengths, parts, accumulation);
}

template <int kC, int kPair, bool kStrict>
void expect_sm90_equals_emulator(HeadSize size, int H, const std::vector<std::int64_t>& lengths, int parts,
                                 Accumulation accumulation) {
  using Kernel = ForwardKernelSm90<kC, kPair, kStrict>;
  expect_kernel_equals_emulator<Kernel, typename Kernel::Rows, Kernel::kQueries, Kernel::kKeys, kStrict>(
      size, H, lengths, parts, accumulation);
}

TEST(FusedIpaForwardKernel, EqualsTheEmulatorBitForBit) {
  expect_forward_equals_emulator<16, 32, 64, 48, false>({16, 8, 12, 2, 16}, 2, {197, 0, 1, 48}, 1,
                                                        Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernel, StrictEqualsTheEmulatorBitForBit) {
  expect_forward_equals_emulator<16, 32, 64, 48, true>({16, 8, 12, 4, 8}, 2, {130, 63}, 1, Accumulation::k26Bits);
}

TEST(FusedIpaForwardKernel, PartsOfTheKeysEqualTheEmulatorBitForBit) {
  // The shorter entries have fewer tiles than parts.
  expect_forward_equals_emulator<16, 32, 64, 48, false>({16, 8, 12, 2, 16}, 1, {197, 0, 70, 1}, 3,
                                                        Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernel, SmallerSizesRunOnALargerInstance) {
  expect_forward_equals_emulator<32, 32, 64, 48, false>({24, 8, 12, 2, 8}, 1, {70, 5}, 1, Accumulation::k24Bits);
  expect_forward_equals_emulator<32, 64, 64, 48, true>({32, 8, 12, 3, 20}, 1, {70}, 2, Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernel, TheLargeTileEqualsTheEmulatorBitForBit) {
  expect_forward_equals_emulator<32, 0, 128, 64, false>({32, 8, 12, 0, 0}, 1, {150}, 1, Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernel, TheDefaultSizeEqualsTheEmulatorBitForBit) {
  expect_forward_equals_emulator<128, 64, 128, 64, false>({128, 8, 12, 2, 32}, 1, {140}, 1, Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernelSm90, EqualsTheEmulatorBitForBit) {
  expect_sm90_equals_emulator<16, 32, false>({16, 8, 12, 2, 16}, 2, {580, 0, 1, 96}, 1, Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernelSm90, StrictEqualsTheEmulatorBitForBit) {
  expect_sm90_equals_emulator<16, 32, true>({16, 8, 12, 4, 8}, 1, {410, 63}, 1, Accumulation::k26Bits);
}

TEST(FusedIpaForwardKernelSm90, PartsOfTheKeysEqualTheEmulatorBitForBit) {
  expect_sm90_equals_emulator<16, 32, false>({16, 8, 12, 2, 16}, 1, {300, 1}, 3, Accumulation::k24Bits);
}

TEST(FusedIpaForwardKernelSm90, TheDefaultSizeEqualsTheEmulatorBitForBit) {
  expect_sm90_equals_emulator<128, 64, false>({128, 8, 12, 2, 32}, 1, {200}, 1, Accumulation::k24Bits);
}

// What a row becomes -------------------------------------------------------------------------------------------------

// All outputs of a small kernel, over one or more parts of the keys.
FusedIpaResult run_small(const RaggedBatch& batch, int parts) {
  using Kernel = ForwardKernel<16, 32, 64, 48, false>;
  LiftedBatch<Kernel::Size> lifted(batch, 64, 48);
  lift<Kernel::Size, 64, 48>(batch, lifted.tiles);
  FusedIpaResult got(batch.in);
  const int entry_heads = batch.in.B * batch.in.H, tiles = batch.tiles(64);
  std::vector<float> columns(static_cast<std::size_t>(parts) * entry_heads * tiles * 64 * Kernel::kColumns);
  std::vector<PartSums> sums(static_cast<std::size_t>(parts) * entry_heads * tiles * 64);
  ForwardProblem problem;
  problem.in = batch.in;
  problem.tiles = lifted.tiles;
  problem.out = got.pointers();
  problem.parts = parts;
  problem.part_columns = columns.data();
  problem.part_sums = sums.data();
  run_blocks(launch_of(tiles, entry_heads, parts, Kernel::kThreads, Kernel::kSharedBytes),
             [&](const SimulatedBlock& block) { Kernel::run(block, problem); });
  if (parts > 1) {
    run_blocks(launch_of(tiles * Kernel::kCombineBlocks, entry_heads, 1, Kernel::kThreads, Kernel::kCombineSharedBytes),
               [&](const SimulatedBlock& block) { Kernel::combine_parts(block, problem); });
  }
  return got;
}

TEST(FusedIpaForwardKernel, ANumberThatIsNoneShowsInItsRowAndIsNotTakenForAMask) {
  const int row = 5, n = 100, C = 16;
  for (const int parts : {1, 2}) {
    RaggedBatch batch({C, 8, 12, 2, 16}, 1, {n});
    std::vector<float> q(batch.in.q, batch.in.q + batch.in.N * C);
    const std::int64_t first = batch.first_rows[0];
    q[(first + row) * C] = NAN;
    batch.in.q = q.data();
    const FusedIpaResult got = run_small(batch, parts);
    for (int i = 0; i < n; ++i) {
      EXPECT_EQ(std::isnan(got.scalars[(first + i) * C + 3]), i == row) << "row " << i << ", parts " << parts;
      EXPECT_EQ(std::isnan(got.points[(first + i) * 36]), i == row) << "row " << i << ", parts " << parts;
      EXPECT_EQ(std::isnan(got.lse[first + i]), i == row) << "row " << i << ", parts " << parts;
    }
  }
}

TEST(FusedIpaForwardKernel, LengthsBeyondThePaddedOneAreCutAndNegativeOnesAreEmpty) {
  const std::int64_t L = 70;
  RaggedBatch batch({16, 8, 12, 2, 16}, 2, {L, L, L});
  batch.lengths[1] = 0;
  batch.lengths[2] = 20;
  batch.in.first_row = nullptr;
  batch.in.longest = L;
  FusedIpaResult expected(batch.in);
  EmulatorOptions options;
  options.tile = {64, 48};
  options.accumulation = Accumulation::kNearest;
  emulate_forward(batch.in, options, expected.pointers());
  const std::vector<std::int64_t> wrong = {L + 1000, -3, 20};
  batch.in.length = wrong.data();
  const FusedIpaResult got = run_small(batch, 1);
  expect_same(got.scalars, expected.scalars, "scalars");
  expect_same(got.points, expected.points, "points");
  expect_same(got.lse, expected.lse, "lse");
}

}  // namespace
}  // namespace flashrna
