// Operands of the backward kernels in addition to the lift: the power of two that scales the gradients of a head, and
// the gradient tiles, one per query tile.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/flash_ipa/fused/gradients.h"
#include "kernels/flash_ipa/fused/operand_tiles.h"

namespace flashrna::fused_ipa {

// The row of residue n, in 0 to N - 1, for head h.
FLASHRNA_HOST_DEVICE GradientRow read_gradient_row(const Arguments& in, const OutputGradients& gradients,
                                                   std::int64_t n, int h) {
  const HeadSize size = in.size;
  const std::int64_t at = n * in.H + h;
  GradientRow row{};
  row.by_scalars = gradients.d_scalars + at * size.C;
  row.scalars = gradients.scalars + at * size.C;
  if (in.pair_k != nullptr) {
    row.by_pairs = gradients.d_pairs + at * size.c;
    row.z1 = in.pair_q + n * size.R * size.c;
    row.u = gradients.pair_sums + at * size.R * size.c;
  }
  row.by_points = gradients.d_points + at * 3 * size.P_v;
  row.by_norms = gradients.d_point_norms + at * size.P_v;
  row.y = gradients.points + at * 3 * size.P_v;
  row.rotation = read_rotation(in.rotations + 9 * n);
  return row;
}

// For one head of one entry: the largest square of a gradient row and of a value row, as bits of f32. For positive
// floats the order of the bits is the order of the numbers.
struct LargestSquares {
  std::uint32_t gradients, values;
};

FLASHRNA_HOST_DEVICE std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}
FLASHRNA_HOST_DEVICE int gradient_exponent(LargestSquares largest) {
  float gradients, values;
  std::memcpy(&gradients, &largest.gradients, sizeof(gradients));
  std::memcpy(&values, &largest.values, sizeof(values));
  return gradient_exponent(gradients, values);
}

// Sum over a warp; every thread of the warp gets the result.
template <class Block>
FLASHRNA_DEVICE float sum_over_warp(const Block& block, float x) {
  FLASHRNA_UNROLL
  for (int apart = kWarp / 2; apart > 0; apart /= 2) x += block.exchange(x, apart);
  return x;
}

// Writes centroids [B, 3] of the entries, nm. Grid: (entry), kCentroidLanes threads; shared memory for as many vectors.
template <class Block>
FLASHRNA_DEVICE void write_centroid(const Block& block, const Arguments& in, float* centroids) {
  const int entry = block.block_x();
  const TileRows rows = rows_of_tile(in, entry * in.H, 0, in.length_of(entry));
  if (rows.n == 0) return;
  Vec3* lanes = block.template shared<Vec3>(0);
  const int lane = block.thread();
  lanes[lane] = sum_of_lane<kCentroidLanes>(in.translations + 3 * rows.row, rows.n, lane);
  block.sync();
  if (lane < kOriginLanes) lanes[lane] = sum_of_lanes(lanes, lane);
  block.sync();
  if (lane == 0) write_vec3(origin_of_lanes(lanes, rows.n), centroids + 3 * entry);
}

inline constexpr int kRowsOfSquares = 32;  // rows per block

// Raises squares [B, H], which must be zero at the start. Grid: (rows of an entry, entry and head), one warp per row.
template <class Block>
FLASHRNA_DEVICE void find_largest_squares(const Block& block, const Arguments& in, const OutputGradients& gradients,
                                          const float* centroids, LargestSquares* squares) {
  const TileRows rows = rows_of_tile(in, block.block_y(), block.block_x(), kRowsOfSquares);
  if (rows.n == 0) return;
  const int lane = block.thread() % kWarp;
  const HeadSize size = in.size;
  const Vec3 centroid = read_vec3(centroids + 3 * rows.entry);
  std::uint32_t of_gradients = 0, of_values = 0;
  for (int row = block.thread() / kWarp; row < rows.n; row += block.threads() / kWarp) {
    const std::int64_t n = rows.row + row, at = n * in.H + rows.head;
    const GradientRow g = read_gradient_row(in, gradients, n, rows.head);
    const std::uint32_t by_gradients = bits_of(sum_over_warp(block, square_of_gradient(size, g, lane, kWarp)));
    const std::uint32_t by_values =
        bits_of(sum_over_warp(block, square_of_values(size, in.v + at * size.C,
                                                      in.pair_k != nullptr ? in.pair_k + n * size.R * size.c : nullptr,
                                                      in.v_points + at * 3 * size.P_v, g.rotation,
                                                      read_vec3(in.translations + 3 * n) - centroid, lane, kWarp)));
    of_gradients = by_gradients > of_gradients ? by_gradients : of_gradients;
    of_values = by_values > of_values ? by_values : of_values;
  }
  if (lane == 0) {
    block.raise(&squares[rows.entry_head].gradients, of_gradients);
    block.raise(&squares[rows.entry_head].values, of_values);
  }
}

// Rows of a gradient tile that one block writes.
inline constexpr int kGradientSlice = 16;
template <class Size>
FLASHRNA_HOST_DEVICE constexpr int gradient_slice_bytes() {
  return 2 * kChunk * gradient_chunks(Size::layout()) * kGradientSlice;
}

// Stores columns of one row into a slice.
struct StoreInSlice {
  Half* slice;
  int row;
  bool* extreme;
  FLASHRNA_HOST_DEVICE void operator()(int column, Half half) const {
    slice[element(row, column, kGradientSlice)] = half;
    *extreme = *extreme || is_extreme(half);
  }
};

// Writes gradient tiles of kRows rows. Grid: (slice of a tile, entry and head), one warp per row. Shared memory: one
// slice, then the lanes of the tile's origin.
template <class Size, int kRows, class Block>
FLASHRNA_DEVICE void write_gradient_tile(const Block& block, const Arguments& in, const OutputGradients& gradients,
                                         const LargestSquares* squares, const TileArray& tiles,
                                         unsigned long long* extremes) {
  static_assert(kRows % kGradientSlice == 0);
  constexpr int kSlices = kRows / kGradientSlice, kChunks = gradient_chunks(Size::layout());
  const int tile = block.block_x() / kSlices, first = block.block_x() % kSlices * kGradientSlice;
  const TileRows rows = rows_of_tile(in, block.block_y(), tile, kRows);
  if (rows.n == 0) return;
  Layout l = Size::layout();
  l.size = in.size;  // the caller's columns in the chunks of the compiled layout
  HalfChunk* chunks = block.template shared<HalfChunk>(0);
  for (int i = block.thread(); i < kChunks * kGradientSlice; i += block.threads()) chunks[i] = HalfChunk{};
  const Vec3 origin =
      lift_block::find_origin(block, in, rows, block.template shared<Vec3>(gradient_slice_bytes<Size>()));
  const int exponent = gradient_exponent(squares[rows.entry_head]), lane = block.thread() % kWarp;
  char* image = tiles.tile(rows.entry_head, tile, gradient_tile_bytes(Size::layout(), kRows));
  RowHeader* headers = reinterpret_cast<RowHeader*>(image + 2 * kChunk * kChunks * kRows);
  bool extreme = false;
  for (int row = block.thread() / kWarp; row < kGradientSlice; row += block.threads() / kWarp) {
    RowHeader header{0.0f, 0.0f, 0.0f, 0.0f};
    if (first + row < rows.n) {
      const std::int64_t n = rows.row + first + row;
      header = round_gradient(l, read_gradient_row(in, gradients, n, rows.head), exponent,
                              read_vec3(in.translations + 3 * n) - origin, lane, kWarp,
                              StoreInSlice{block.template shared<Half>(0), row, &extreme});
      header = {sum_over_warp(block, header.x), sum_over_warp(block, header.y), sum_over_warp(block, header.z),
                sum_over_warp(block, header.w)};
    }
    if (lane == 0) headers[first + row] = header;
  }
  block.sync();
  for (int i = block.thread(); i < kChunks * kGradientSlice; i += block.threads()) {
    reinterpret_cast<HalfChunk*>(image)[i / kGradientSlice * kRows + first + i % kGradientSlice] = chunks[i];
  }
  lift_block::report(block, extreme, extremes);
}

}  // namespace flashrna::fused_ipa
