// Shared by the backward kernels. There are two: QueryGradientKernel processes a query tile over all keys,
// KeyGradientKernel a key tile over all queries. Each recomputes P and computes dS from it. Each sum is accumulated by
// one warp in the order of the tiles. See gradients.h for the formulas.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/backward_rows.h"
#include "kernels/flash_ipa/fused/operand_tiles.h"
#include "kernels/flash_ipa/fused/tile_products.h"

namespace flashrna::fused_ipa {

// Tiles of the sizes of one kernel. write_query_tile() writes the queries, with `lse`.
struct BackwardProblem {
  Arguments in;
  OutputGradients gradients;
  InputGradients out;
  OperandTiles tiles;
  TileArray gradient_tiles;
  LargestSquares* squares = nullptr;  // [B, H]
  float* centroids = nullptr;         // [B, 3]
  HeadSums sums;
  // Parts of the other operand's tiles, and the sums over each part: [parts, B H, tiles of rows, rows, columns].
  int parts = 1;
  float* part_rows = nullptr;
};

namespace backward_block {

// Sums the slopes of the quad's four threads, in the order of quad_sum(), into the row's last kSlopeColumns numbers.
template <int kStride, class Block>
FLASHRNA_DEVICE void put_slopes(const Block& block, const SlopeSums (&slopes)[2], int rows_at, int first_row) {
  const int lane = block.thread() % kWarp;
  FLASHRNA_UNROLL
  for (int r = 0; r < 2; ++r) {
    const float of_thread[kSlopeColumns] = {slopes[r].sum, slopes[r].origin.x, slopes[r].origin.y, slopes[r].origin.z};
    float* to = block.template shared<float>(rows_at) + (first_row + lane / kQuad + 8 * r + 1) * kStride;
    FLASHRNA_UNROLL
    for (int i = 0; i < kSlopeColumns; ++i) {
      float sum = of_thread[i];
      sum += block.exchange(sum, 1);
      sum += block.exchange(sum, 2);
      if (lane % kQuad == 0) to[i - kSlopeColumns] = sum;
    }
  }
}
FLASHRNA_HOST_DEVICE SlopeSums read_slopes(const float* end_of_row) {
  return {end_of_row[-4], {end_of_row[-3], end_of_row[-2], end_of_row[-1]}};
}

// Parts of the other operand's tiles. Blocks of one part write their rows of sums to memory, and a second kernel adds
// them in the order of the parts and computes the gradients.

inline constexpr int kCombinedRows = 8;  // rows per block of the second kernel

struct PartRow {
  float* begin;         // of part 0
  std::int64_t stride;  // to the next part
};
// `row` is a row of tile `tile`, one of `tiles` with `rows` rows each.
FLASHRNA_HOST_DEVICE PartRow part_row(const BackwardProblem& problem, int entry_head, int tiles, int tile, int rows,
                                      int row, int columns) {
  const std::int64_t all = static_cast<std::int64_t>(problem.in.B) * problem.in.H * tiles * rows * columns;
  const std::int64_t at = ((static_cast<std::int64_t>(entry_head) * tiles + tile) * rows + row) * columns;
  return {problem.part_rows + at, all};
}

// Writes n rows of kColumns columns from shared memory as columns from `first` on of this block's part, whose rows are
// `columns` apart.
template <int kColumns, class Block>
FLASHRNA_DEVICE void put_part(const Block& block, const PartRow& to, int columns, int first, int n, int thread,
                              int threads) {
  const float* from = block.template shared<float>(0);
  float* begin = to.begin + block.block_z() * to.stride + first;
  for (int i = thread; i < n * kColumns; i += threads) {
    begin[static_cast<std::int64_t>(i / kColumns) * columns + i % kColumns] = from[i];
  }
}

// Sums n rows of kColumns columns, `columns` apart, over the parts of `n_tiles` tiles into shared memory. Parts without
// tiles were not written.
template <int kColumns, class Block>
FLASHRNA_DEVICE void add_parts(const Block& block, const PartRow& from, int columns, int parts, int n_tiles, int n) {
  float* to = block.template shared<float>(0);
  for (int i = block.thread(); i < n * kColumns; i += block.threads()) {
    float sum = 0.0f;
    for (int part = 0; part < parts; ++part) {
      const Part range = part_of_tiles(n_tiles, parts, part);
      if (range.first == range.last) continue;
      sum += from.begin[part * from.stride + static_cast<std::int64_t>(i / kColumns) * columns + i % kColumns];
    }
    to[i] = sum;
  }
}

// Rows `first` to `first` + kCombinedRows - 1 of a tile's rows.
FLASHRNA_HOST_DEVICE TileRows combined_rows(TileRows rows, int first) {
  rows.first += first;
  rows.row += first;
  rows.n = rows.n - first < kCombinedRows ? rows.n - first : kCombinedRows;
  return rows;
}

// A row of sums in shared memory.
struct SumsOfRow {
  const float* columns;
  FLASHRNA_HOST_DEVICE float operator()(int column) const { return columns[column]; }
};

FLASHRNA_HOST_DEVICE RowOfHead read_row_of_head(const BackwardProblem& problem, const TileRows& rows, Vec3 origin,
                                                int exponent, int row) {
  const std::int64_t n = rows.row + row;
  const Vec3 t = read_vec3(problem.in.translations + 3 * n);
  return {read_rotation(problem.in.rotations + 9 * n), t - origin, t - read_vec3(problem.centroids + 3 * rows.entry),
          problem.in.point_weights[rows.head], exponent};
}

// Rounds dS of two columns of a row and adds the rounded values to the row's `sum`.
FLASHRNA_HOST_DEVICE std::uint32_t round_slopes(float first, float second, float& sum) {
  const std::uint32_t halves = to_halves(first, second);
  sum += first_of(halves);
  sum += second_of(halves);
  return halves;
}

}  // namespace backward_block

}  // namespace flashrna::fused_ipa
