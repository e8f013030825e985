// Backward of the fused kernel with respect to queries, with mma.m16n8k16, for devices of capability 8.0 and newer; see
// backward_block.h.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/backward_block.h"

namespace flashrna::fused_ipa {

// Gradients of queries, their points and their factors of the pair bias. A warp computes 16 rows. Keys have two stages
// in shared memory, values one.
template <int kC, int kPair, int kQueries, int kKeys>
struct QueryGradientKernel {
  using Rows = QueryGradientKernel;
  using Size = TensorCoreSize<kC, kPair>;
  static constexpr Tile kTile{kQueries, kKeys};
  static constexpr Layout kLayout = Size::layout();
  static constexpr int kThreads = kQueries / 16 * kWarp;
  static constexpr int kQueryBytes = logit_tile_bytes(kLayout, kQueries);
  static constexpr int kGradientBytes = gradient_tile_bytes(kLayout, kQueries);
  static constexpr int kKeyBytes = logit_tile_bytes(kLayout, kKeys);
  static constexpr int kValueBytes = value_tile_bytes(kLayout, kKeys);

  // Offsets in shared memory. At the end the rows of sums reuse the memory of the tiles.
  static constexpr int kGradientsAt = kQueryBytes;
  static constexpr int kKeysAt = kGradientsAt + kGradientBytes;
  static constexpr int kValuesAt = kKeysAt + 2 * kKeyBytes;
  static constexpr int kSharedBytes = query_gradient_shared_bytes(kLayout, kTile);

  static constexpr int kStride = kChunk * logit_chunks(kLayout) + kSlopeColumns, kValueColumns = value_columns(kLayout);
  static constexpr int kKeyTiles = kKeys / 8, kColumnTiles = logit_chunks(kLayout);
  static constexpr int kGradientHeadersAt = kGradientsAt + 2 * kChunk * gradient_chunks(kLayout) * kQueries;

  // Adds the keys' corrections to the logits of the warp's rows in one tile.
  template <class Block>
  static FLASHRNA_DEVICE void correct_logits(const Block& block, int keys_at, float (&logits)[kKeyTiles][4]) {
    const Vec3 difference = read_origin<Size, kQueries>(block, 0) - read_origin<Size, kKeys>(block, keys_at);
    const RowHeader* keys = row_headers<Size, kKeys>(block, keys_at) + 2 * (block.thread() % kQuad);
    FLASHRNA_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 2; ++i) {
        const float correction = key_correction(difference, keys[8 * n + i]);
        logits[n][i] += correction;
        logits[n][2 + i] += correction;
      }
    }
  }

  // Replaces the corrected logits by P.
  template <class Block>
  static FLASHRNA_DEVICE void exponentiate(const Block& block, float half_weight, int keys_at,
                                           float (&logits)[kKeyTiles][4]) {
    const Vec3 difference = read_origin<Size, kQueries>(block, 0) - read_origin<Size, kKeys>(block, keys_at);
    const float of_tile = tile_correction(difference, half_weight);
    const RowHeader* queries = row_headers<Size, kQueries>(block, 0) + first_row_of_thread(block);
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) {
      const RowHeader query = queries[8 * r];
      const float shift = backward_shift(query.w, row_correction(difference, query, of_tile), 0.0f);
      FLASHRNA_UNROLL
      for (int n = 0; n < kKeyTiles; ++n) {
        FLASHRNA_UNROLL
        for (int i = 0; i < 2; ++i) logits[n][2 * r + i] = probability(logits[n][2 * r + i], shift);
      }
    }
  }

  // Computes dS of the tile and its sums, from P and dP.
  template <class Block>
  static FLASHRNA_DEVICE void compute_slopes(const Block& block, int keys_at, const float (&p)[kKeyTiles][4],
                                             const float (&products)[kKeyTiles][4], SlopeSums (&slopes)[2],
                                             std::uint32_t (&ds)[kKeyTiles][2]) {
    const Vec3 difference = read_origin<Size, kQueries>(block, 0) - read_origin<Size, kKeys>(block, keys_at);
    const RowHeader* gradients = block.template shared<RowHeader>(kGradientHeadersAt) + first_row_of_thread(block);
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) {
      const float offset = slope_offset(difference, gradients[8 * r]);
      float sum = 0.0f;
      FLASHRNA_UNROLL
      for (int n = 0; n < kKeyTiles; ++n) {
        ds[n][r] = backward_block::round_slopes(query_slope(p[n][2 * r], products[n][2 * r], offset),
                                                query_slope(p[n][2 * r + 1], products[n][2 * r + 1], offset), sum);
      }
      end_gradient_tile(slopes[r], sum, difference);
    }
  }

  template <class Block>
  static FLASHRNA_DEVICE int first_row_of_thread(const Block& block) {
    return block.thread() / kWarp * 16 + block.thread() % kWarp / kQuad;
  }

  // The rows of sums in shared memory: gradients if the keys are one part, otherwise memory for combine_parts().
  template <class Block>
  static FLASHRNA_DEVICE void leave(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                    const char* queries, const char* gradients) {
    using namespace backward_block;
    if (problem.parts == 1) return finish(block, problem, rows, queries, gradients, 0);
    const PartRow to =
        part_row(problem, rows.entry_head, problem.tiles.queries.per_entry, block.block_x(), kQueries, 0, kStride);
    put_part<kStride>(block, to, kStride, 0, rows.n, block.thread(), block.threads());
  }

  static constexpr int kTileRows = kQueries, kCombineThreads = 128;
  static constexpr int kCombineSharedBytes = static_cast<int>(sizeof(float)) * backward_block::kCombinedRows * kStride;
  static constexpr int kPartColumns = kStride;

  // Grid: (query tile and group of kCombinedRows rows, entry and head).
  template <class Block>
  static FLASHRNA_DEVICE void combine_parts(const Block& block, const BackwardProblem& problem) {
    using namespace backward_block;
    constexpr int kGroups = kQueries / kCombinedRows;
    const int tile = block.block_x() / kGroups, first = block.block_x() % kGroups * kCombinedRows;
    const TileRows whole = rows_of_tile(problem.in, block.block_y(), tile, kQueries);
    if (whole.n <= first) return;
    const TileRows rows = combined_rows(whole, first);
    const int n_tiles = (problem.in.length_of(rows.entry) + kKeys - 1) / kKeys;
    add_parts<kStride>(
        block, part_row(problem, rows.entry_head, problem.tiles.queries.per_entry, tile, kQueries, first, kStride),
        kStride, problem.parts, n_tiles, rows.n);
    block.sync();
    finish(block, problem, rows, problem.tiles.queries.tile(rows.entry_head, tile, kQueryBytes),
           problem.gradient_tiles.tile(rows.entry_head, tile, kGradientBytes), first);
  }

  // Computes the gradients from rows of sums in shared memory, the tile's rows from `first` on.
  template <class Block>
  static FLASHRNA_DEVICE void finish(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                     const char* queries, const char* gradients, int first) {
    using namespace backward_block;
    constexpr Layout l = Size::layout();
    const Arguments& in = problem.in;
    const InputGradients& out = problem.out;
    const float* columns = block.template shared<float>(0);
    const int exponent = gradient_exponent(problem.squares[rows.entry_head]), C = in.size.C, R = in.size.R;
    const auto at = [&](int row) { return (rows.row + row) * in.H + rows.head; };
    each_cell(block.thread(), block.threads(), rows.n, C, [&](int row, int column) {
      out.q[at(row) * C + column] = unscaled(query_factor(C) * columns[row * kStride + column], exponent);
    });
    if (out.bias_q != nullptr) {
      for (int i = block.thread(); i < rows.n * R; i += block.threads()) {
        out.bias_q[at(i / R) * R + i % R] =
            unscaled(columns[i / R * kStride + kChunk * bias_chunk(l, 0) + i % R], exponent);
      }
    }
    const Vec3 origin =
        read_vec3(reinterpret_cast<const TileHeader*>(queries + tile_header_offset(l, kQueries))->origin);
    for (int row = block.thread(); row < rows.n; row += block.threads()) {
      const RowOfHead of_row = read_row_of_head(problem, rows, origin, exponent, row);
      const float* sums = columns + row * kStride;
      constexpr int P_q = l.size.P_q, P_v = l.size.P_v;
      ResidueGradient to;
      finish_query_points(l, of_row, in.q_points + at(row) * 3 * P_q, SumsOfRow{sums}, read_slopes(sums + kStride),
                          out.q_points + at(row) * 3 * P_q, to);
      if (!is_masked(problem.gradients.lse[at(row)])) {
        const Half* halves = reinterpret_cast<const Half*>(gradients);
        finish_output_points(
            l, of_row, problem.gradients.points + at(row) * 3 * P_v,
            [&](int column) { return from_half(halves[element(first + row, column, kQueries)]); }, to);
      }
      problem.sums.rows[problem.sums.row(rows.entry_head, rows.first + row)] = to;
    }
  }

  // Grid: (query tile, entry and head, part of the keys).
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const BackwardProblem& problem) {
    const int entry_head = block.block_y();
    const TileRows rows = rows_of_tile(problem.in, entry_head, block.block_x(), kQueries);
    if (rows.n == 0) return;
    const Part part =
        part_of_tiles((problem.in.length_of(rows.entry) + kKeys - 1) / kKeys, problem.parts, block.block_z());
    const int n_tiles = part.last - part.first;
    if (n_tiles == 0) return;
    const char* queries = problem.tiles.queries.tile(entry_head, block.block_x(), kQueryBytes);
    const char* gradients = problem.gradient_tiles.tile(entry_head, block.block_x(), kGradientBytes);
    const char* keys = problem.tiles.keys.tile(entry_head, part.first, kKeyBytes);
    const char* values = problem.tiles.values.tile(entry_head, part.first, kValueBytes);
    const float half_weight = half_point_weight(Size::layout(), problem.in.point_weights[rows.head]);
    const int first_row = block.thread() / kWarp * 16;

    copy_to_shared<kThreads>(block, 0, queries, kQueryBytes);
    copy_to_shared<kThreads>(block, kGradientsAt, gradients, kGradientBytes);
    copy_to_shared<kThreads>(block, kKeysAt, keys, kKeyBytes);
    block.commit_copies();

    float sums[kColumnTiles][4];
    SlopeSums slopes[2];
    set_zero(sums);

    FLASHRNA_NO_UNROLL
    for (int j = 0; j < n_tiles; ++j) {
      const int keys_at = kKeysAt + j % 2 * kKeyBytes;
      block.template wait_copies<0>();
      block.sync();  // all threads can read keys j, and no thread reads keys or values j - 1 any more
      copy_to_shared<kThreads>(block, kValuesAt, values, kValueBytes);
      values += kValueBytes;
      keys += kKeyBytes;
      block.commit_copies();
      if (j + 1 < n_tiles) copy_to_shared<kThreads>(block, kKeysAt + (j + 1) % 2 * kKeyBytes, keys, kKeyBytes);
      block.commit_copies();
      float logits[kKeyTiles][4], products[kKeyTiles][4];
      multiply_steps<LogitSteps<Size>>(block, LeftRows<kQueries>(block, 0, first_row), RightRows<kKeys>(block, keys_at),
                                       logits);
      correct_logits(block, keys_at, logits);
      exponentiate(block, half_weight, keys_at, logits);
      block.template wait_copies<1>();
      block.sync();  // values j are visible to all threads
      multiply_steps<GradientSteps<Size>>(block, LeftRows<kQueries>(block, kGradientsAt, first_row),
                                          RightValues<kValueColumns>(block, kValuesAt), products);
      std::uint32_t ds[kKeyTiles][2];
      compute_slopes(block, keys_at, logits, products, slopes, ds);
      multiply_rows<kKeys>(block, ds, keys_at, sums);
    }
    block.template wait_copies<0>();
    block.sync();  // no thread reads the tiles any more
    put_sums<kStride>(block, sums, 0, first_row, 0);
    backward_block::put_slopes<kStride>(block, slopes, 0, first_row);
    block.sync();
    leave(block, problem, rows, queries, gradients);
  }
};

}  // namespace flashrna::fused_ipa
