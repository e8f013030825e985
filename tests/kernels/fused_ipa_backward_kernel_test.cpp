// Runs the source of the CUDA backward kernels on the host thread by thread and compares it with the emulator bit for
// bit.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/flash_ipa/fused/backward_block_sm90.h"
#include "tests/kernels/fused_ipa_backward_batch.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_kernel_runs.h"
#include "tests/kernels/fused_ipa_operands.h"

namespace flashrna {
namespace {

using namespace fused_ipa;

void expect_same_gradients(const BackwardResult& got, const BackwardResult& expected) {
  expect_same(got.q, expected.q, "q");
  expect_same(got.k, expected.k, "k");
  expect_same(got.v, expected.v, "v");
  expect_same(got.q_points, expected.q_points, "query points");
  expect_same(got.k_points, expected.k_points, "key points");
  expect_same(got.v_points, expected.v_points, "value points");
  expect_same(got.rotations, expected.rotations, "rotations");
  expect_same(got.translations, expected.translations, "translations");
  expect_same(got.point_weights, expected.point_weights, "point weights");
  expect_same(got.bias_q, expected.bias_q, "bias of queries");
  expect_same(got.bias_k, expected.bias_k, "bias of keys");
  expect_same(got.pair_q, expected.pair_q, "pair values of queries");
  expect_same(got.pair_k, expected.pair_k, "pair values of keys");
  expect_same(got.key_bias, expected.key_bias, "key bias");
}

// Memory of the operands of one kernel.
template <class Size>
struct OperandMemory {
  OperandMemory(const RaggedBatch& batch, Tile tile)
      : queries(count(batch, tile.queries) * logit_tile_bytes(Size::layout(), tile.queries)),
        gradients(count(batch, tile.queries) * gradient_tile_bytes(Size::layout(), tile.queries)),
        keys(count(batch, tile.keys) * logit_tile_bytes(Size::layout(), tile.keys)),
        values(count(batch, tile.keys) * value_tile_bytes(Size::layout(), tile.keys)) {}
  static std::size_t count(const RaggedBatch& batch, int rows) {
    return static_cast<std::size_t>(batch.in.B) * batch.in.H * batch.tiles(rows);
  }
  DeviceMemory queries, gradients, keys, values;
};

// The launches of fused_backward_cuda(), in the same order.
class BackwardRun {
 public:
  BackwardRun(const BackwardBatch& of, const InputGradients& out)
      : batch_(of.batch),
        entry_heads_(of.batch.in.B * of.batch.in.H),
        squares_(entry_heads_),
        centroids_(3 * of.batch.in.B, NAN) {
    problem_.in = batch_.in;
    problem_.gradients = of.gradients;
    problem_.out = out;
    problem_.tiles.extremes = &extremes_;
    problem_.squares = squares_.data();
    problem_.centroids = centroids_.data();
    const std::int64_t longest = batch_.tiles(1), rows = entry_heads_ * longest;
    const ResidueGradient never{{{{{NAN, NAN, NAN}, {NAN, NAN, NAN}, {NAN, NAN, NAN}}}, {NAN, NAN, NAN}}, NAN, NAN};
    rows_.assign(rows, never);
    pair_k_.assign(rows * batch_.in.size.R * batch_.in.size.c, NAN);
    problem_.sums = {rows_.data(), pair_k_.data(), longest};
    run_blocks(launch_of(batch_.in.B, 1, 1, kCentroidLanes, sizeof(Vec3) * kCentroidLanes),
               [&](const SimulatedBlock& block) { write_centroid(block, problem_.in, problem_.centroids); });
    run_blocks(launch_of(batch_.tiles(kRowsOfSquares), entry_heads_, 1, 128, 0), [&](const SimulatedBlock& block) {
      find_largest_squares(block, problem_.in, problem_.gradients, problem_.centroids, problem_.squares);
    });
  }

  template <class Size, int kQueries, int kKeys>
  void lift(OperandMemory<Size>& memory) {
    problem_.tiles.queries = {memory.queries.begin(), batch_.tiles(kQueries)};
    problem_.gradient_tiles = {memory.gradients.begin(), batch_.tiles(kQueries)};
    problem_.tiles.keys = {memory.keys.begin(), batch_.tiles(kKeys)};
    problem_.tiles.values = {memory.values.begin(), batch_.tiles(kKeys)};
    const int origin = sizeof(Vec3) * kOriginLanes;
    run_blocks(launch_of(batch_.tiles(kQueries), entry_heads_, 1, 128, origin), [&](const SimulatedBlock& block) {
      write_query_tile<Size, kQueries>(block, problem_.in, problem_.tiles, problem_.gradients.lse);
    });
    run_blocks(launch_of(batch_.tiles(kQueries) * (kQueries / kGradientSlice), entry_heads_, 1, 128,
                         gradient_slice_bytes<Size>() + origin),
               [&](const SimulatedBlock& block) {
                 write_gradient_tile<Size, kQueries>(block, problem_.in, problem_.gradients, problem_.squares,
                                                     problem_.gradient_tiles, problem_.tiles.extremes);
               });
    run_blocks(launch_of(batch_.tiles(kKeys), entry_heads_, 1, 128, origin),
               [&](const SimulatedBlock& block) { write_key_tile<Size, kKeys>(block, problem_.in, problem_.tiles); });
  }

  template <class Kernel>
  void run(int tiles, Accumulation accumulation, std::uint64_t seed, int parts = 1) {
    using Rows = typename Kernel::Rows;
    std::vector<float> part_rows(
        static_cast<std::size_t>(parts) * entry_heads_ * tiles * Rows::kTileRows * Rows::kPartColumns, NAN);
    problem_.parts = parts;
    problem_.part_rows = part_rows.data();
    OperandMemory<typename Kernel::Size> memory(batch_, Kernel::kTile);
    lift<typename Kernel::Size, Kernel::kTile.queries, Kernel::kTile.keys>(memory);
    SimulatedLaunch launch =
        launch_of(tiles, entry_heads_, parts, Kernel::kThreads, Kernel::kSharedBytes, accumulation);
    launch.seed = seed;
    run_blocks(launch, [&](const SimulatedBlock& block) { Kernel::run(block, problem_); });
    if (parts == 1) return;
    run_blocks(launch_of(tiles * (Rows::kTileRows / backward_block::kCombinedRows), entry_heads_, 1,
                         Rows::kCombineThreads, Rows::kCombineSharedBytes),
               [&](const SimulatedBlock& block) { Rows::combine_parts(block, problem_); });
  }

  void sum_heads() {
    run_blocks(launch_of(batch_.tiles(kRowsOfSharing), batch_.in.B, 1, 128, 0), [&](const SimulatedBlock& block) {
      sum_rows_over_heads(block, problem_.in, problem_.gradients, problem_.sums, problem_.out);
    });
    run_blocks(launch_of(batch_.in.H, 1, 1, kWeightLanes, sizeof(double) * kWeightLanes),
               [&](const SimulatedBlock& block) {
                 sum_point_weights(block, problem_.in, problem_.sums, problem_.out.point_weights);
               });
  }

  const BackwardProblem& problem() const { return problem_; }
  unsigned long long extremes() const { return extremes_; }

 private:
  const RaggedBatch& batch_;
  int entry_heads_;
  std::vector<LargestSquares> squares_;
  std::vector<float> centroids_, pair_k_;
  std::vector<ResidueGradient> rows_;
  unsigned long long extremes_ = 0;
  BackwardProblem problem_;
};

template <class Queries, class Keys>
void expect_backward_equals_emulator(HeadSize size, int H, const std::vector<std::int64_t>& lengths, bool with_key_bias,
                                     Accumulation accumulation, int seeds = 1, int parts_of_keys = 1,
                                     int parts_of_queries = 1) {
  const BackwardBatch batch(size, H, lengths, with_key_bias);
  BackwardResult expected(batch.batch.in);
  emulate_backward(batch.batch.in, batch.gradients,
                   {Queries::kTile, Keys::kTile, accumulation, parts_of_keys, parts_of_queries}, expected.pointers());
  for (const float x : expected.q) ASSERT_TRUE(std::isfinite(x));
  for (int seed = 0; seed < seeds; ++seed) {
    BackwardResult got(batch.batch.in);
    BackwardRun run(batch, got.pointers());
    run.run<Queries>(batch.batch.tiles(Queries::kTile.queries), accumulation, seed, parts_of_keys);
    run.run<Keys>(batch.batch.tiles(Keys::kTile.keys), accumulation, seed, parts_of_queries);
    run.sum_heads();
    expect_same_gradients(got, expected);
    EXPECT_EQ(run.extremes(), 0u);
  }
}

// The tiles of the launch, also for smaller heads.
template <int kC, int kPair>
using LargeQueries = QueryGradientKernel<kC, kPair, kQueryGradientTileSm80.queries, kQueryGradientTileSm80.keys>;
template <int kC, int kPair>
using LargeKeys = KeyGradientKernel<kC, kPair, kKeyGradientTileSm80.queries, kKeyGradientTileSm80.keys>;
template <int kC, int kPair>
using SmallQueries =
    QueryGradientKernel<kC, kPair, kQueryGradientTileSmallSm80.queries, kQueryGradientTileSmallSm80.keys>;
template <int kC, int kPair>
using SmallKeys = KeyGradientKernel<kC, kPair, kKeyGradientTileSmallSm80.queries, kKeyGradientTileSmallSm80.keys>;

TEST(FusedIpaBackwardKernel, LiftWritesTheEmulatorsBytes) {
  using Size = TensorCoreSize<32, 32>;
  constexpr int kQueries = 64, kKeys = 32;
  const BackwardBatch batch({32, 8, 12, 4, 8}, 2, {101, 0, 1, 64}, true);
  const Arguments& in = batch.batch.in;
  BackwardResult unused(in);
  BackwardRun run(batch, unused.pointers());
  OperandMemory<Size> memory(batch.batch, {kQueries, kKeys});
  run.lift<Size, kQueries, kKeys>(memory);
  const Layout l = make_layout(in.size);
  const BackwardProblem& problem = run.problem();
  for (int entry_head = 0; entry_head < in.B * in.H; ++entry_head) {
    const int b = entry_head / in.H;
    const HeadOfEntry head{batch.batch.first_rows[b], static_cast<int>(batch.batch.lengths[b]), entry_head % in.H};
    if (head.length == 0) continue;
    const int exponent = exponent_of_head(in, batch.gradients, head);
    EXPECT_EQ(gradient_exponent(problem.squares[entry_head]), exponent);
    for (int tile = 0; tile * kQueries < head.length; ++tile) {
      const std::string where = "entry and head " + std::to_string(entry_head) + ", tile " + std::to_string(tile);
      const LogitTile queries = make_backward_query_tile(in, batch.gradients, l, head, tile * kQueries, kQueries);
      EXPECT_EQ(std::memcmp(problem.tiles.queries.tile(entry_head, tile, logit_tile_bytes(l, kQueries)),
                            queries.image.data(), tile_header_offset(l, kQueries)),
                0)
          << where;
      const GradientTile gradients =
          make_gradient_tile(in, batch.gradients, l, head, exponent, tile * kQueries, kQueries);
      EXPECT_EQ(std::memcmp(problem.gradient_tiles.tile(entry_head, tile, gradient_tile_bytes(l, kQueries)),
                            gradients.image.data(), gradient_tile_bytes(l, kQueries)),
                0)
          << where;
    }
  }
}

TEST(FusedIpaBackwardKernel, EqualsTheEmulatorBitForBit) {
  expect_backward_equals_emulator<SmallQueries<16, 32>, SmallKeys<16, 32>>({16, 8, 12, 2, 16}, 2, {133, 0, 1, 64},
                                                                           false, Accumulation::k24Bits, 3);
}

TEST(FusedIpaBackwardKernel, TheLargeTilesEqualTheEmulatorBitForBit) {
  expect_backward_equals_emulator<LargeQueries<16, 32>, LargeKeys<16, 32>>({16, 8, 12, 4, 8}, 2, {161, 33}, false,
                                                                           Accumulation::k26Bits, 3);
}

TEST(FusedIpaBackwardKernel, PartsEqualTheEmulatorBitForBit) {
  // The shorter entries have fewer tiles than parts.
  expect_backward_equals_emulator<SmallQueries<16, 32>, SmallKeys<16, 32>>({16, 8, 12, 2, 16}, 2, {133, 0, 1, 64},
                                                                           false, Accumulation::k24Bits, 1, 3, 4);
  expect_backward_equals_emulator<LargeQueries<32, 0>, LargeKeys<32, 0>>({32, 8, 12, 0, 0}, 1, {161, 33}, true,
                                                                         Accumulation::k24Bits, 1, 2, 2);
}

TEST(FusedIpaBackwardKernel, KeyBiasAndMaskedRowsEqualTheEmulatorBitForBit) {
  expect_backward_equals_emulator<SmallQueries<16, 32>, SmallKeys<16, 32>>({16, 8, 12, 2, 16}, 1, {97, 40}, true,
                                                                           Accumulation::k24Bits);
}

TEST(FusedIpaBackwardKernel, WithoutPairEqualsTheEmulatorBitForBit) {
  expect_backward_equals_emulator<SmallQueries<32, 0>, SmallKeys<32, 0>>({32, 8, 12, 0, 0}, 2, {70, 3}, true,
                                                                         Accumulation::k24Bits);
  expect_backward_equals_emulator<LargeQueries<32, 0>, LargeKeys<32, 0>>({32, 8, 12, 0, 0}, 1, {70}, false,
                                                                         Accumulation::k24Bits);
}

TEST(FusedIpaBackwardKernel, SmallerSizesRunOnALargerInstance) {
  expect_backward_equals_emulator<SmallQueries<32, 32>, SmallKeys<32, 32>>({24, 8, 12, 2, 8}, 1, {70, 5}, false,
                                                                           Accumulation::k24Bits);
  expect_backward_equals_emulator<LargeQueries<32, 64>, LargeKeys<32, 64>>({5, 8, 12, 3, 20}, 2, {40}, true,
                                                                           Accumulation::k24Bits);
}

TEST(FusedIpaBackwardKernel, TheDefaultSizeEqualsTheEmulatorBitForBit) {
  expect_backward_equals_emulator<LargeQueries<128, 64>, LargeKeys<128, 64>>({128, 8, 12, 2, 32}, 1, {140}, false,
                                                                             Accumulation::k24Bits);
  expect_backward_equals_emulator<SmallQueries<128, 64>, SmallKeys<128, 64>>({128, 8, 12, 2, 32}, 2, {75, 1}, true,
                                                                             Accumulation::k26Bits);
}

// The shapes of flash_ipa_cases.h, with the numbers of points that the tensor-core kernels support.
struct BackwardShape {
  const char* name;
  std::vector<std::int64_t> lengths;
  int H, C, R, c;
};

void PrintTo(const BackwardShape& shape, std::ostream* out) { *out << shape.name; }

class FusedIpaBackwardShapes : public testing::TestWithParam<BackwardShape> {};

template <int kPair>
void expect_shape(const BackwardShape& shape) {
  const HeadSize size{shape.C, 8, 12, shape.R, shape.c};
  expect_backward_equals_emulator<LargeQueries<32, kPair>, LargeKeys<32, kPair>>(size, shape.H, shape.lengths, false,
                                                                                 Accumulation::k26Bits);
  if (shape.lengths[0] > 1000) return;
  expect_backward_equals_emulator<SmallQueries<32, kPair>, SmallKeys<32, kPair>>(size, shape.H, shape.lengths, true,
                                                                                 Accumulation::k24Bits);
}

TEST_P(FusedIpaBackwardShapes, EqualTheEmulatorBitForBit) {
  const BackwardShape& shape = GetParam();
  const int pairs = shape.R * shape.c;
  if (pairs == 0) {
    expect_shape<0>(shape);
  } else if (pairs <= 32) {
    expect_shape<32>(shape);
  } else {
    expect_shape<64>(shape);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, FusedIpaBackwardShapes,
    testing::Values(BackwardShape{"one_residue", {1}, 2, 4, 2, 4}, BackwardShape{"two_residues", {2}, 2, 4, 2, 4},
                    BackwardShape{"ragged", {97, 13, 1, 60}, 3, 8, 2, 4}, BackwardShape{"rank_1", {33, 20}, 2, 8, 1, 8},
                    BackwardShape{"rank_3", {33, 20}, 2, 8, 3, 8}, BackwardShape{"rank_4", {33, 20}, 2, 8, 4, 8},
                    BackwardShape{"rank_5", {33, 20}, 2, 8, 5, 8}, BackwardShape{"rank_6", {33, 20}, 2, 8, 6, 8},
                    BackwardShape{"rank_7", {33, 20}, 2, 8, 7, 8}, BackwardShape{"rank_8", {33, 20}, 2, 8, 8, 8},
                    BackwardShape{"without_pair", {33, 20}, 2, 8, 0, 0},
                    BackwardShape{"empty_sequence", {5, 0, 3}, 2, 8, 2, 4}, BackwardShape{"long", {1025}, 1, 16, 2, 4},
                    BackwardShape{"many_tiles", {301, 97, 128}, 2, 16, 2, 16}),
    [](const testing::TestParamInfo<BackwardShape>& test) { return test.param.name; });

TEST(FusedIpaBackwardKernelSm90, EqualsTheEmulatorBitForBit) {
  expect_backward_equals_emulator<QueryGradientKernelSm90<16, 32>, KeyGradientKernelSm90<16, 32>>(
      {16, 8, 12, 2, 16}, 2, {405, 0, 1, 80}, false, Accumulation::k24Bits, 3);
}

TEST(FusedIpaBackwardKernelSm90, PartsEqualTheEmulatorBitForBit) {
  expect_backward_equals_emulator<QueryGradientKernelSm90<16, 32>, KeyGradientKernelSm90<16, 32>>(
      {16, 8, 12, 2, 16}, 1, {405, 0, 1}, false, Accumulation::k24Bits, 3, 4, 3);
}

TEST(FusedIpaBackwardKernelSm90, KeyBiasAndMaskedRowsEqualTheEmulatorBitForBit) {
  expect_backward_equals_emulator<QueryGradientKernelSm90<16, 32>, KeyGradientKernelSm90<16, 32>>(
      {16, 8, 12, 4, 8}, 1, {197, 70}, true, Accumulation::k26Bits, 2);
}

TEST(FusedIpaBackwardKernelSm90, TheCompiledSizesEqualTheEmulatorBitForBit) {
  expect_backward_equals_emulator<QueryGradientKernelSm90<128, 64>, KeyGradientKernelSm90<128, 64>>(
      {128, 8, 12, 2, 32}, 1, {200}, false, Accumulation::k24Bits);
  expect_backward_equals_emulator<QueryGradientKernelSm90<128, 0>, KeyGradientKernelSm90<128, 0>>(
      {100, 8, 12, 0, 0}, 1, {90}, true, Accumulation::k24Bits);
}

TEST(FusedIpaBackwardKernel, CountsGradientsThatAreNoNumbers) {
  BackwardBatch batch({16, 8, 12, 2, 16}, 1, {40}, false);
  batch.d_scalars[batch.batch.first_rows[0] * 16 + 3] = NAN;
  BackwardResult got(batch.batch.in);
  BackwardRun run(batch, got.pointers());
  using Queries = SmallQueries<16, 32>;
  run.run<Queries>(batch.batch.tiles(Queries::kTile.queries), Accumulation::kNearest, 0);
  EXPECT_EQ(run.extremes(), 1u);
  EXPECT_TRUE(std::isnan(got.q[batch.batch.first_rows[0] * 16]));
}

}  // namespace
}  // namespace flashrna
