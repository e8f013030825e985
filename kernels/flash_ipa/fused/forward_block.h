// Forward of the fused kernel with mma.m16n8k16, for devices of capability 8.0 and newer. A block computes a tile of
// queries of one head over all keys or over one part of them; a warp computes 16 rows. Keys have two stages in shared
// memory, values one.
//
// A thread holds columns 8 n + 2 quad and + 1 of rows `group` and group + 8 of its warp's 16 rows, for the logits, for
// P and for the sums. P in this arrangement is the left operand of the next product without any data movement.
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
  int parts = 1;  // of the keys; if more than one, blocks write the arrays below, and combine_parts() the outputs
  float* part_columns = nullptr;  // [parts, B H, query tiles, rows of a tile, output_columns]
  PartSums* part_sums = nullptr;  // [parts, B H, query tiles, rows of a tile]
};

// Row index into these two arrays.
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

  // Offsets in shared memory. At the end the output rows are assembled in the memory of the tiles.
  static constexpr int kKeysAt = kQueryBytes;
  static constexpr int kValuesAt = kKeysAt + 2 * kKeyBytes;
  static constexpr int kCorrectionsAt = kValuesAt + kValueBytes;
  static constexpr int kSumsAt = static_cast<int>(sizeof(float)) * kColumns * kQueries;
  static constexpr int kSharedBytes = forward_shared_bytes(Size::layout(), {kQueries, kKeys});

  // combine_parts(): few rows per block, so that short batches have many blocks. Finished rows first, then their sums.
  static constexpr int kCombinedRows = 8, kCombineBlocks = kQueries / kCombinedRows;
  static constexpr int kCombinedSumsAt = static_cast<int>(sizeof(float)) * kColumns * kCombinedRows;
  static constexpr int kCombineSharedBytes = kCombinedSumsAt + static_cast<int>(sizeof(PartSums)) * kCombinedRows;

  // Number of 8-column tiles that a thread holds a share of.
  static constexpr int kKeyTiles = kKeys / 8, kMainTiles = main_value_columns(Size::layout()) / 8,
                       kPointTiles = point_columns(Size::layout()) / 8;
  static_assert(kKeyTiles % 2 == 0 && kMainTiles % 2 == 0);

  // The thread's share of the warp's 16 rows.
  struct Sums {
    float main[kMainTiles][4];
    float points[kPointTiles][4];
    SoftmaxRow rows[2];
  };

  template <class Block>
  static FLASHRNA_DEVICE void copy(const Block& block, int to, const char* from, int bytes) {
    copy_to_shared<kThreads>(block, to, from, bytes);
  }

  // o_I - o_J, read from shared memory at each use to save registers.
  template <class Block>
  static FLASHRNA_DEVICE Vec3 difference_of_origins(const Block& block, int keys_at) {
    return read_origin<Size, kQueries>(block, 0) - read_origin<Size, kKeys>(block, keys_at);
  }

  // logits = Q K^T for the warp's rows, in the order of logit_step().
  template <class Block>
  static FLASHRNA_DEVICE void multiply_logits(const Block& block, int keys_at, float (&logits)[kKeyTiles][4]) {
    multiply_steps<LogitSteps<Size>>(block, LeftRows<kQueries>(block, 0, block.thread() / kWarp * 16),
                                     RightRows<kKeys>(block, keys_at), logits);
  }

  // The softmax of a tile has four steps. The first adds the keys' corrections (at an offset in shared memory) to the
  // logits, and computes the rows' maxima and the shift of P.
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

  // Rescales the earlier sums by alpha when the running maximum has increased.
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

  // Replaces the logits by P.
  static FLASHRNA_DEVICE void exponentiate(const SoftmaxTile (&tile)[2], float (&logits)[kKeyTiles][4]) {
    FLASHRNA_UNROLL
    for (int n = 0; n < kKeyTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 4; ++i) logits[n][i] = probability(logits[n][i], tile[i / 2].shift);
    }
  }

  // Rounds P to the operand of the next product, `p` and, in strict mode, `rest`, and sums the rounded values by row.
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

  // Corrections of the two rows that the thread holds.
  template <class Block>
  static FLASHRNA_DEVICE void correct_rows(const Block& block, Vec3 difference, float of_tile, float (&of_rows)[2]) {
    const RowHeader* header = block.template shared<RowHeader>(headers_offset(Size::layout(), kQueries)) +
                              block.thread() / kWarp * 16 + block.thread() % kWarp / kQuad;
    of_rows[0] = row_correction(difference, header[0], of_tile);
    of_rows[1] = row_correction(difference, header[8], of_tile);
  }

  // Address that this thread passes for matrices of values: keys 16 s to 16 s + 7, the next 8 keys, then both again
  // `next` columns further.
  static FLASHRNA_DEVICE int value_row(int lane, int next) {
    const int matrix = lane / 8;
    return kValuesAt + kHalfRow * (matrix % 2 * value_columns(Size::layout()) + matrix / 2 * next + lane % 8);
  }
  // Offset from value_row() to step s and a column.
  static FLASHRNA_DEVICE constexpr int value_offset(int s, int column) {
    return kHalfRow * (2 * s * value_columns(Size::layout()) + column);
  }

  // Accumulates the columns of scalars and pair values.
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

  // Points in fast mode: hi then lo of each step, accumulated over all tiles.
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

  // Points in strict mode: a tile's sums start from zero, so that truncation is relative to that tile's sum and not to
  // the sum over all tiles. rest * hi and P * lo come before the large product P * hi.
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
    FLASHRNA_NO_UNROLL  // unrolled, it spills registers
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

  // Writes the thread's normalized rows to shared memory, rows of kColumns, followed by each row's maximum and sum.
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
      for (int i = 0; i < 4; ++i) {  // the order of quad_sum()
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

  // Computes the outputs from finished rows in shared memory, whose sums are at `sums_at`. `image` is the query tile in
  // global memory; the rows are its rows from `first` on.
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
    each_cell(block.thread(), block.threads(), rows.n, C,
              [&](int row, int column) { out.scalars[at(row) * C + column] = columns[row * kColumns + column]; });
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
      each_cell(block.thread(), block.threads(), rows.n, c, [&](int row, int channel) {
        out.pairs[at(row) * c + channel] = pair_output(in.pair_q + (rows.row + row) * R * c + channel,
                                                       columns + row * kColumns + kPairAt + channel, R, c);
      });
      if (out.pair_sums != nullptr) {
        each_cell(block.thread(), block.threads(), rows.n, R * c, [&](int row, int column) {
          out.pair_sums[at(row) * R * c + column] = columns[row * kColumns + kPairAt + column];
        });
      }
    }
    if (out.lse != nullptr) {
      const RowHeader* headers = reinterpret_cast<const RowHeader*>(image + headers_offset(l, kQueries)) + first;
      for (int row = block.thread(); row < rows.n; row += block.threads()) {
        out.lse[at(row)] = log_sum_exp(sums[row].maximum, sums[row].sum) + headers[row].w;
      }
    }
  }

  // Writes finished rows to the outputs, or to the arrays for combine_parts() if the keys are split.
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

  // Grid: (query tile, entry and head, part of the keys).
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
      // All threads can read keys j now, and no thread reads values j - 1, keys j - 1 or their corrections any more.
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
      block.sync();  // corrections and values j are visible to all threads
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
    block.sync();  // no thread reads the tiles any more
    put_rows(block, sums);
    block.sync();
    finish(block, problem, rows, query_image);
  }

  // Combines the parts of each row in their order, weighted by part_weight(). Grid: (query tile and group of
  // kCombinedRows rows, entry and head).
  template <class Block>
  static FLASHRNA_DEVICE void combine_parts(const Block& block, const ForwardProblem& problem) {
    const int tile = block.block_x() / kCombineBlocks, first = block.block_x() % kCombineBlocks * kCombinedRows;
    TileRows rows = rows_of_tile(problem.in, block.block_y(), tile, kQueries);
    if (rows.n <= first) return;
    rows.first += first;
    rows.row += first;
    rows.n = rows.n - first < kCombinedRows ? rows.n - first : kCombinedRows;
    const std::int64_t from = part_row(problem, 0, block.block_y(), tile, first, kQueries);
    const std::int64_t stride = part_row(problem, 1, 0, 0, 0, kQueries);  // from one part to the next
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
