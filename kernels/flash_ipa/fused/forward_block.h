// Forward of the fused kernel with mma.m16n8k16, for devices of generation 8 and newer: one block takes a tile of
// queries of one head over (a part of) the keys, a warp 16 rows. Keys come in two stages, values in one.
//
// A thread has columns 8 n + 2 quad and + 1 of rows `group` and group + 8 of its warp's 16: of the logits, of P (which
// is the next product's operand as it stands) and of the sums.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/epilogue.h"
#include "kernels/flash_ipa/fused/operand_tiles.h"
#include "kernels/flash_ipa/fused/softmax.h"
#include "kernels/flash_ipa/fused/tile_products.h"

namespace flashrna::fused_ipa {

struct ForwardProblem {
  Arguments in;
  OperandTiles tiles;
  Outputs out;
  int parts = 1;  // of the keys; more than one: the blocks write the arrays below, combine_parts() the outputs
  float* part_columns = nullptr;  // [parts, B H, tiles of queries, rows of a tile, output_columns]
  PartSums* part_sums = nullptr;  // [parts, B H, tiles of queries, rows of a tile]
};

// Row of the two arrays.
FLASHRNA_HOST_DEVICE std::int64_t part_row(const ForwardProblem& problem, int part, int entry_head, int tile, int row,
                                           int rows) {
  const std::int64_t entry_heads = static_cast<std::int64_t>(problem.in.B) * problem.in.H;
  return ((part * entry_heads + entry_head) * problem.tiles.queries.per_entry + tile) * rows + row;
}

template <int kC, int kPair, int kQueries, int kKeys, bool kStrict>
struct ForwardKernel {
  using Size = TensorCoreSize<kC, kPair>;
  static constexpr int kThreads = kQueries / 16 * kWarp;
  static constexpr int kQueryBytes = logit_tile_bytes(Size::layout(), kQueries);
  static constexpr int kKeyBytes = logit_tile_bytes(Size::layout(), kKeys);
  static constexpr int kValueBytes = value_tile_bytes(Size::layout(), kKeys);
  static constexpr int kColumns = output_columns(Size::layout());
  static constexpr int kPairAt = kChunk * Size::layout().scalar;  // first column of pair values

  // Shared memory, in this order; rows of the outputs are put together where the tiles were.
  static constexpr int kKeysAt = kQueryBytes;
  static constexpr int kValuesAt = kKeysAt + 2 * kKeyBytes;
  static constexpr int kCorrectionsAt = kValuesAt + kValueBytes;
  static constexpr int kSumsAt = static_cast<int>(sizeof(float)) * kColumns * kQueries;
  static constexpr int kSharedBytes = forward_shared_bytes(Size::layout(), {kQueries, kKeys});

  // combine_parts(): few rows a block, so that short batches have many blocks. Finished rows again, then their sums.
  static constexpr int kCombinedRows = 8, kCombineBlocks = kQueries / kCombinedRows;
  static constexpr int kCombinedSumsAt = static_cast<int>(sizeof(float)) * kColumns * kCombinedRows;
  static constexpr int kCombineSharedBytes = kCombinedSumsAt + static_cast<int>(sizeof(PartSums)) * kCombinedRows;

  // Tiles of 8 columns that a thread holds.
  static constexpr int kKeyTiles = kKeys / 8, kMainTiles = main_value_columns(Size::layout()) / 8,
                       kPointTiles = point_columns(Size::layout()) / 8;
  static_assert(kKeyTiles % 2 == 0 && kMainTiles % 2 == 0);

  // The thread's part of the warp's 16 rows.
  struct Sums {
    float main[kMainTiles][4];
    float points[kPointTiles][4];
    SoftmaxRow rows[2];
  };

  template <class Block>
  static FLASHRNA_DEVICE void copy(const Block& block, int to, const char* from, int bytes) {
    copy_to_shared<kThreads>(block, to, from, bytes);
  }

  // o_I - o_J, read anew where it is needed: registers are short.
  template <class Block>
  static FLASHRNA_DEVICE Vec3 difference_of_origins(const Block& block, int keys_at) {
    return read_origin<Size, kQueries>(block, 0) - read_origin<Size, kKeys>(block, keys_at);
  }

  // logits = Q K^T of the warp's rows, in the order of logit_step().
  template <class Block>
  static FLASHRNA_DEVICE void multiply_logits(const Block& block, int keys_at, float (&logits)[kKeyTiles][4]) {
    multiply_steps<LogitSteps<Size>>(block, LeftRows<kQueries>(block, 0, block.thread() / kWarp * 16),
                                     RightRows<kKeys>(block, keys_at), logits);
  }

  // The softmax of a tile in four steps. First the keys' corrections (an offset in shared memory), the rows' maxima,
  // and what P is shifted by.
  template <class Block>
  static FLASHRNA_DEVICE void begin_softmax(const Block& block, int corrections_at, const float (&of_rows)[2],
                                            float (&logits)[kKeyTiles][4], Sums& sums, SoftmaxTile (&tile)[2]) {
    const float* corrections = block.template shared<float>(corrections_at);
    const int quad = block.thread() % kQuad;
    float maximum[2] = {-kInfinity, -kInfinity};
    FLASHRNA_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) {
        logits[n][i] += corrections[8 * n + 2 * quad + i % 2];
        maximum[i / 2] = fmaxf(maximum[i / 2], logits[n][i]);
      }
    }
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) {
      maximum[r] = fmaxf(maximum[r], block.exchange(maximum[r], 1));
      maximum[r] = fmaxf(maximum[r], block.exchange(maximum[r], 2));
      tile[r] = begin_tile(sums.rows[r], maximum[r], of_rows[r]);
    }
  }

  // Earlier sums count less where the maximum has grown.
  static FLASHRNA_DEVICE void scale_sums(const SoftmaxTile (&tile)[2], Sums& sums) {
    FLASHRNA_UNROLL
    for (int n = 0; n < kMainTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) sums.main[n][i] *= tile[i / 2].alpha;
    }
    FLASHRNA_UNROLL
    for (int n = 0; n < kPointTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) sums.points[n][i] *= tile[i / 2].alpha;
    }
  }

  // P in the place of the logits.
  static FLASHRNA_DEVICE void exponentiate(const SoftmaxTile (&tile)[2], float (&logits)[kKeyTiles][4]) {
    FLASHRNA_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) logits[n][i] = probability(logits[n][i], tile[i / 2].shift);
    }
  }

  // P as the operand of the next product, `p` and, in strict mode, `rest`, and the rows' sums of what they hold.
  static FLASHRNA_DEVICE void round_probabilities(Vec3 difference, const float (&probabilities)[kKeyTiles][4],
                                                  Sums& sums, std::uint32_t (&p)[kKeyTiles][2],
                                                  std::uint32_t (&rest)[kKeyTiles][2]) {
    float tile_sum[2] = {0.0f, 0.0f};
    FLASHRNA_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      FLASHRNA_UNROLL
      for (int r = 0; r < 2; ++r) {
        const float first = probabilities[n][2 * r], second = probabilities[n][2 * r + 1];
        p[n][r] = to_halves(first, second);
        tile_sum[r] += first_of(p[n][r]);
        if constexpr (kStrict) {
          rest[n][r] = to_halves(first - first_of(p[n][r]), second - second_of(p[n][r]));
          tile_sum[r] += first_of(rest[n][r]);
        }
        tile_sum[r] += second_of(p[n][r]);
        if constexpr (kStrict) tile_sum[r] += second_of(rest[n][r]);
      }
    }
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) end_tile(sums.rows[r], tile_sum[r], difference);
  }

  static FLASHRNA_DEVICE void set_zero(Sums& sums) {
    fused_ipa::set_zero(sums.main);
    fused_ipa::set_zero(sums.points);
  }

  // Corrections of the thread's two rows.
  template <class Block>
  static FLASHRNA_DEVICE void correct_rows(const Block& block, Vec3 difference, float of_tile, float (&of_rows)[2]) {
    const RowHeader* header = block.template shared<RowHeader>(headers_offset(Size::layout(), kQueries)) +
                              block.thread() / kWarp * 16 + block.thread() % kWarp / kQuad;
    of_rows[0] = row_correction(difference, header[0], of_tile);
    of_rows[1] = row_correction(difference, header[8], of_tile);
  }

  // This thread's row of matrices of values: keys 16 s to 16 s + 7 and the next 8, then the same `next` columns on.
  static FLASHRNA_DEVICE int value_row(int lane, int next) {
    const int matrix = lane / 8;
    return kValuesAt + kHalfRow * (matrix % 2 * value_columns(Size::layout()) + matrix / 2 * next + lane % 8);
  }
  // From there to step s and to a column.
  static FLASHRNA_DEVICE constexpr int value_offset(int s, int column) {
    return kHalfRow * (2 * s * value_columns(Size::layout()) + column);
  }

  // Columns of scalars and pair values.
  template <class Block>
  static FLASHRNA_DEVICE void multiply_main(const Block& block, const std::uint32_t (&p)[kKeyTiles][2], Sums& sums) {
    const int at = value_row(block.thread() % kWarp, 8);
    FLASHRNA_UNROLL
    for (int s = 0; s < kKeys / 16; ++s) {
      const std::uint32_t a[4] = {p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1]};
      FLASHRNA_UNROLL
      for (int n = 0; n < kMainTiles; n += 2) {
        std::uint32_t b[4];
        block.load_matrices(b, at + value_offset(s, 8 * n));
        block.multiply(sums.main[n], a, b[0], b[1]);
        block.multiply(sums.main[n + 1], a, b[2], b[3]);
      }
    }
  }

  // Points in fast mode: hi and lo of a step after one another, into the sums over all tiles.
  template <class Block>
  static FLASHRNA_DEVICE void multiply_points(const Block& block, const std::uint32_t (&p)[kKeyTiles][2], Sums& sums) {
    const int at = value_row(block.thread() % kWarp, 8 * kPointTiles);
    FLASHRNA_UNROLL
    for (int s = 0; s < kKeys / 16; ++s) {
      const std::uint32_t a[4] = {p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1]};
      FLASHRNA_UNROLL
      for (int n = 0; n < kPointTiles; ++n) {
        std::uint32_t b[4];  // hi, lo
        block.load_matrices(b, at + value_offset(s, 8 * (kMainTiles + n)));
        block.multiply(sums.points[n], a, b[0], b[1]);
        block.multiply(sums.points[n], a, b[2], b[3]);
      }
    }
  }

  // Points in strict mode: per tile and from zero, so that a sum is cut at its own size and not at that of all tiles;
  // rest times hi and P times lo before the large product.
  template <class Block>
  static FLASHRNA_DEVICE void multiply_points_strictly(const Block& block, const std::uint32_t (&p)[kKeyTiles][2],
                                                       const std::uint32_t (&rest)[kKeyTiles][2], Sums& sums) {
    const int at = value_row(block.thread() % kWarp, 8 * kPointTiles);
    float tile[kPointTiles][4];
    FLASHRNA_UNROLL
    for (int n = 0; n < kPointTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) tile[n][i] = 0.0f;
    }
    FLASHRNA_NO_UNROLL  // unrolled, it spills
        for (int pass = 0; pass < 2; ++pass) {
      FLASHRNA_UNROLL
      for (int s = 0; s < kKeys / 16; ++s) {
        const std::uint32_t a[4] = {p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1]};
        const std::uint32_t r[4] = {rest[2 * s][0], rest[2 * s][1], rest[2 * s + 1][0], rest[2 * s + 1][1]};
        FLASHRNA_UNROLL
        for (int n = 0; n < kPointTiles; ++n) {
          std::uint32_t b[4];  // hi, lo
          block.load_matrices(b, at + value_offset(s, 8 * (kMainTiles + n)));
          if (pass == 0) {
            block.multiply(tile[n], r, b[0], b[1]);
            block.multiply(tile[n], a, b[2], b[3]);
          } else {
            block.multiply(tile[n], a, b[0], b[1]);
          }
        }
      }
    }
    FLASHRNA_UNROLL
    for (int n = 0; n < kPointTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) sums.points[n][i] += tile[n][i];
    }
  }

  // Quotients of the thread's rows into shared memory, rows of kColumns, and what they are of behind them.
  template <class Block>
  static FLASHRNA_DEVICE void put_rows(const Block& block, Sums& sums) {
    constexpr Layout l = Size::layout();
    const int lane = block.thread() % kWarp, quad = lane % kQuad;
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) {
      const int row = block.thread() / kWarp * 16 + lane / kQuad + 8 * r;
      SoftmaxRow& state = sums.rows[r];
      float* whole[4] = {&state.sum, &state.origin.x, &state.origin.y, &state.origin.z};
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) {  // in the order of quad_sum()
        *whole[i] += block.exchange(*whole[i], 1);
        *whole[i] += block.exchange(*whole[i], 2);
      }
      const float inverse = inverse_sum(state.sum);
      float* to = block.template shared<float>(0) + row * kColumns + 2 * quad;
      FLASHRNA_UNROLL
      for (int n = 0; n < kMainTiles + kPointTiles; ++n) {
        FLASHRNA_UNROLL
        for (int i = 0; i < 2; ++i) {
          const float sum = n < kMainTiles ? sums.main[n < kMainTiles ? n : 0][2 * r + i]
                                           : sums.points[n < kMainTiles ? 0 : n - kMainTiles][2 * r + i];
          to[8 * n + i] = finish_column(l, 8 * n + 2 * quad + i, sum, state.origin, inverse);
        }
      }
      if (quad == 0) block.template shared<PartSums>(kSumsAt)[row] = {state.maximum, state.sum};
    }
  }

  // From finished rows in shared memory, with their sums at `sums_at`, to the outputs. `image`: the tile's queries in
  // global memory, of which they are those from `first` on.
  template <class Block>
  static FLASHRNA_DEVICE void write_rows(const Block& block, const ForwardProblem& problem, const TileRows& rows,
                                         const char* image, int sums_at, int first) {
    constexpr Layout l = Size::layout();
    const Arguments& in = problem.in;
    const Outputs& out = problem.out;
    const float* columns = block.template shared<float>(0);
    const PartSums* sums = block.template shared<PartSums>(sums_at);
    const auto at = [&](int row) { return (rows.row + row) * in.H + rows.head; };
    const int C = in.size.C;
    for (int i = block.thread(); i < rows.n * C; i += block.threads()) {
      out.scalars[at(i / C) * C + i % C] = columns[i / C * kColumns + i % C];
    }
    const Vec3 origin = read_vec3(reinterpret_cast<const TileHeader*>(image + tile_header_offset(l, kQueries))->origin);
    constexpr int P = l.size.P_v;
    for (int i = block.thread(); i < rows.n * P; i += block.threads()) {
      const int row = i / P, p = i % P;
      const std::int64_t n = rows.row + row;
      const LocalPoint local = local_point(read_rotation(in.rotations + 9 * n),
                                           read_vec3(columns + row * kColumns + main_value_columns(l) + 3 * p),
                                           origin - read_vec3(in.translations + 3 * n), is_masked(sums[row]));
      float* y = out.points + (at(row) * P + p) * 3;
      y[0] = local.y.x;
      y[1] = local.y.y;
      y[2] = local.y.z;
      out.point_norms[at(row) * P + p] = local.norm;
    }
    if (in.pair_k != nullptr) {
      const int R = in.size.R, c = in.size.c;
      for (int i = block.thread(); i < rows.n * c; i += block.threads()) {
        const int row = i / c, channel = i % c;
        out.pairs[at(row) * c + channel] = pair_output(in.pair_q + (rows.row + row) * R * c + channel,
                                                       columns + row * kColumns + kPairAt + channel, R, c);
      }
      if (out.pair_sums != nullptr) {
        for (int i = block.thread(); i < rows.n * R * c; i += block.threads()) {
          out.pair_sums[at(i / (R * c)) * R * c + i % (R * c)] =
              columns[i / (R * c) * kColumns + kPairAt + i % (R * c)];
        }
      }
    }
    if (out.lse != nullptr) {
      const RowHeader* headers = reinterpret_cast<const RowHeader*>(image + headers_offset(l, kQueries)) + first;
      for (int row = block.thread(); row < rows.n; row += block.threads()) {
        out.lse[at(row)] = log_sum_exp(sums[row].maximum, sums[row].sum) + headers[row].w;
      }
    }
  }

  // Finished rows in shared memory to the outputs, or, of a part of the keys, to where combine_parts() finds them.
  template <class Block>
  static FLASHRNA_DEVICE void finish(const Block& block, const ForwardProblem& problem, const TileRows& rows,
                                     const char* image) {
    if (problem.parts == 1) {
      write_rows(block, problem, rows, image, kSumsAt, 0);
      return;
    }
    const std::int64_t to = part_row(problem, block.block_z(), block.block_y(), block.block_x(), 0, kQueries);
    for (int i = block.thread(); i < rows.n * kColumns; i += block.threads()) {
      problem.part_columns[to * kColumns + i] = block.template shared<float>(0)[i];
    }
    for (int row = block.thread(); row < rows.n; row += block.threads()) {
      problem.part_sums[to + row] = block.template shared<PartSums>(kSumsAt)[row];
    }
  }

  // Blocks (tile of queries, entry and head, part of the keys).
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const ForwardProblem& problem) {
    constexpr Layout l = Size::layout();
    const int entry_head = block.block_y();
    const TileRows rows = rows_of_tile(problem.in, entry_head, block.block_x(), kQueries);
    if (rows.n == 0) return;
    const int length = problem.in.length_of(rows.entry);
    const Part part = part_of_tiles((length + kKeys - 1) / kKeys, problem.parts, block.block_z());
    const char* query_image = problem.tiles.queries.tile(entry_head, block.block_x(), kQueryBytes);
    const float half_weight = half_point_weight(l, problem.in.point_weights[rows.head]);

    copy(block, 0, query_image, kQueryBytes);
    if (part.first < part.last) {
      copy(block, kKeysAt, problem.tiles.keys.tile(entry_head, part.first, kKeyBytes), kKeyBytes);
    }
    block.commit_copies();

    Sums sums;
    set_zero(sums);

    FLASHRNA_NO_UNROLL
    for (int j = part.first; j < part.last; ++j) {
      const int keys_at = kKeysAt + (j - part.first) % 2 * kKeyBytes;
      block.template wait_copies<0>();
      // Keys j are there for all threads, and nobody reads values j - 1, keys j - 1 or their corrections any more.
      block.sync();
      copy(block, kValuesAt, problem.tiles.values.tile(entry_head, j, kValueBytes), kValueBytes);
      block.commit_copies();
      if (j + 1 < part.last) {
        copy(block, kKeysAt + (j + 1 - part.first) % 2 * kKeyBytes,
             problem.tiles.keys.tile(entry_head, j + 1, kKeyBytes), kKeyBytes);
      }
      block.commit_copies();
      for (int key = block.thread(); key < kKeys; key += kThreads) {
        block.template shared<float>(kCorrectionsAt)[key] =
            key_correction(difference_of_origins(block, keys_at),
                           block.template shared<RowHeader>(keys_at + headers_offset(l, kKeys))[key]);
      }
      float logits[kKeyTiles][4];
      multiply_logits(block, keys_at, logits);
      block.template wait_copies<1>();
      block.sync();  // corrections and values j are there
      float of_rows[2];
      const Vec3 difference = difference_of_origins(block, keys_at);
      correct_rows(block, difference, tile_correction(difference, half_weight), of_rows);
      SoftmaxTile tile[2];
      begin_softmax(block, kCorrectionsAt, of_rows, logits, sums, tile);
      scale_sums(tile, sums);
      exponentiate(tile, logits);
      std::uint32_t p[kKeyTiles][2], rest[kKeyTiles][2];
      round_probabilities(difference, logits, sums, p, rest);
      if constexpr (kStrict) {
        multiply_main(block, rest, sums);
        multiply_main(block, p, sums);
        multiply_points_strictly(block, p, rest, sums);
      } else {
        multiply_main(block, p, sums);
        multiply_points(block, p, sums);
      }
    }
    block.template wait_copies<0>();
    block.sync();  // the tiles are not needed any more
    put_rows(block, sums);
    block.sync();
    finish(block, problem, rows, query_image);
  }

  // Blocks (tile of queries and kCombinedRows of it, entry and head): the parts of each row in their order, each with
  // its share.
  template <class Block>
  static FLASHRNA_DEVICE void combine_parts(const Block& block, const ForwardProblem& problem) {
    const int tile = block.block_x() / kCombineBlocks, first = block.block_x() % kCombineBlocks * kCombinedRows;
    TileRows rows = rows_of_tile(problem.in, block.block_y(), tile, kQueries);
    if (rows.n <= first) return;
    rows.first += first;
    rows.row += first;
    rows.n = rows.n - first < kCombinedRows ? rows.n - first : kCombinedRows;
    const std::int64_t from = part_row(problem, 0, block.block_y(), tile, first, kQueries);
    const std::int64_t stride = part_row(problem, 1, 0, 0, 0, kQueries);  // of a part
    PartSums* sums = block.template shared<PartSums>(kCombinedSumsAt);
    for (int row = block.thread(); row < rows.n; row += block.threads()) {
      sums[row] = combine_sums(problem.part_sums + from + row, problem.parts, stride);
    }
    block.sync();
    for (int i = block.thread(); i < rows.n * kColumns; i += block.threads()) {
      const int row = i / kColumns;
      float sum = 0.0f;
      for (int part = 0; part < problem.parts; ++part) {
        const std::int64_t of_part = from + part * stride;
        const float weight = part_weight(problem.part_sums[of_part + row], sums[row].maximum);
        sum = fmaf(weight, problem.part_columns[of_part * kColumns + i], sum);
      }
      block.template shared<float>(0)[i] = sum * inverse_sum(sums[row].sum);
    }
    block.sync();
    write_rows(block, problem, rows, problem.tiles.queries.tile(block.block_y(), tile, kQueryBytes), kCombinedSumsAt,
               first);
  }
};

}  // namespace flashrna::fused_ipa
