// Memory layout of the operands of all tiles, and the kernels that write them: one block per tile of one head.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/cuda_block.h"
#include "kernels/flash_ipa/fused/lift.h"

namespace flashrna::fused_ipa {

// Tiles of one kind. Those of entry b and head h start at index (b H + h) per_entry, whatever the entry's length.
// Offsets are 64-bit: at 16k residues a batch exceeds 2 GB.
struct TileArray {
  char* begin = nullptr;
  int per_entry = 0;  // number of tiles of the longest entry

  FLASHRNA_HOST_DEVICE char* tile(int entry_head, int index, int tile_bytes) const {
    return begin + (static_cast<std::int64_t>(entry_head) * per_entry + index) * tile_bytes;
  }
};

struct OperandTiles {
  TileArray queries, keys, values;
  unsigned long long* extremes = nullptr;  // counts threads that met a number beyond the range of halves; may be null
};

// The rows of one tile in one entry and head. n = 0 if the tile is beyond the entry's length.
struct TileRows {
  int entry, head, entry_head, first, n;
  std::int64_t row;  // of the tile's first row, in 0 to N - 1
};

FLASHRNA_HOST_DEVICE TileRows rows_of_tile(const Arguments& in, int entry_head, int index, int rows) {
  const int entry = entry_head / in.H, first = index * rows;
  const int left = in.length_of(entry) - first;
  return {entry,
          entry_head % in.H,
          entry_head,
          first,
          left < 0 ? 0 : left < rows ? left : rows,
          in.first_row_of(entry) + first};
}

namespace lift_block {

// Computes the origin of a tile; `scratch` [kOriginLanes] is in shared memory. All threads must call it.
template <class Block>
FLASHRNA_DEVICE Vec3 find_origin(const Block& block, const Arguments& in, const TileRows& rows, Vec3* scratch) {
  if (block.thread() < kOriginLanes) {
    scratch[block.thread()] = sum_of_lane(in.translations + 3 * rows.row, rows.n, block.thread());
  }
  block.sync();
  return origin_of_lanes(scratch, rows.n);
}

template <class Block>
FLASHRNA_DEVICE void report(const Block& block, bool extreme, unsigned long long* counter) {
  if (extreme && counter != nullptr) block.count(counter);
}

// Writes the scalar columns of all rows into `chunks` chunks starting at `first_chunk`. Input rows have `width` numbers
// at distance `stride`. Rows past the end and columns past the width are zero.
template <class Block>
FLASHRNA_DEVICE bool write_scalars(const Block& block, const float* values, std::int64_t stride, int width, float scale,
                                   int n, int rows, int first_chunk, int chunks, char* image) {
  bool extreme = false;
  for (int item = block.thread(); item < rows * chunks; item += block.threads()) {
    const int row = item % rows, chunk = item / rows;
    const HalfChunk out =
        lift_chunk(values + row * stride + kChunk * chunk, row < n ? width - kChunk * chunk : 0, scale);
    FLASHRNA_UNROLL
    for (int i = 0; i < kChunk; ++i) extreme |= is_extreme(out.h[i]);
    *reinterpret_cast<HalfChunk*>(image + sizeof(Half) * element(row, kChunk * (first_chunk + chunk), rows)) = out;
  }
  return extreme;
}

// The point chunks of one row, collected in registers; kChunks is 2 layout.point.
template <int kChunks>
struct PointChunks {
  HalfChunk chunks[kChunks] = {};
  bool extreme = false;
};

// Stores point columns into the row's PointChunks; `first` is the row's first point column.
template <int kChunks>
struct StorePointChunk {
  PointChunks<kChunks>& row;
  int first;
  FLASHRNA_HOST_DEVICE void operator()(int column, Half half) const {
    row.chunks[(column - first) / kChunk].h[(column - first) % kChunk] = half;
    row.extreme |= is_extreme(half);
  }
};

template <int kChunks>
FLASHRNA_DEVICE void write_points(const PointChunks<kChunks>& points, int row, int rows, int first_chunk, char* image) {
  FLASHRNA_UNROLL
  for (int chunk = 0; chunk < kChunks; ++chunk) {
    *reinterpret_cast<HalfChunk*>(image + sizeof(Half) * element(row, kChunk * (first_chunk + chunk), rows)) =
        points.chunks[chunk];
  }
}

}  // namespace lift_block

// Writes the operands of one query tile. Grid: (tile, entry and head). For backward, `lse` [N, H] of forward is given,
// and the headers hold the log-sum-exp relative to the tile's origin, infinite past the end, instead of the row's
// constant.
template <class Size, int kRows, class Block>
FLASHRNA_DEVICE void write_query_tile(const Block& block, const Arguments& in, const OperandTiles& tiles,
                                      const float* lse = nullptr) {
  using namespace lift_block;
  const TileRows rows = rows_of_tile(in, block.block_y(), block.block_x(), kRows);
  if (rows.n == 0) return;
  constexpr Layout l = Size::layout();
  const Vec3 origin = find_origin(block, in, rows, block.template shared<Vec3>(0));
  char* image = tiles.queries.tile(rows.entry_head, block.block_x(), logit_tile_bytes(l, kRows));
  const int C = in.size.C, R = in.bias_q != nullptr ? in.size.R : 0;
  const std::int64_t at = rows.row * in.H + rows.head;
  bool extreme = write_scalars(block, in.q + at * C, static_cast<std::int64_t>(in.H) * C, C, query_scale(C), rows.n,
                               kRows, 0, l.scalar, image);
  extreme |= write_scalars(block, in.bias_q + at * R, static_cast<std::int64_t>(in.H) * R, R, kLog2e, rows.n, kRows,
                           bias_chunk(l, 0), l.bias, image);
  for (int row = block.thread(); row < kRows; row += block.threads()) {
    PointChunks<2 * l.point> points;
    RowHeader header{0.0f, 0.0f, 0.0f, 0.0f};
    if (row < rows.n) {
      const std::int64_t n = rows.row + row;
      header = lift_query_points(l, in.q_points + (n * in.H + rows.head) * 3 * l.size.P_q,
                                 read_rotation(in.rotations + 9 * n), read_vec3(in.translations + 3 * n) - origin,
                                 in.point_weights[rows.head], StorePointChunk<2 * l.point>{points, kChunk * l.scalar});
      if (lse != nullptr) header.w = lse[n * in.H + rows.head] - header.w;
    } else if (lse != nullptr) {
      header.w = kInfinity;
    }
    write_points(points, row, kRows, l.scalar, image);
    reinterpret_cast<RowHeader*>(image + headers_offset(l, kRows))[row] = header;
    extreme |= points.extreme;
  }
  if (block.thread() == 0) {
    *reinterpret_cast<TileHeader*>(image + tile_header_offset(l, kRows)) = {{origin.x, origin.y, origin.z}, rows.n, {}};
  }
  report(block, extreme, tiles.extremes);
}

// Writes the operands of one tile of keys and values.
template <class Size, int kRows, class Block>
FLASHRNA_DEVICE void write_key_tile(const Block& block, const Arguments& in, const OperandTiles& tiles) {
  using namespace lift_block;
  const TileRows rows = rows_of_tile(in, block.block_y(), block.block_x(), kRows);
  if (rows.n == 0) return;
  constexpr Layout l = Size::layout();
  const Vec3 origin = find_origin(block, in, rows, block.template shared<Vec3>(0));
  char* image = tiles.keys.tile(rows.entry_head, block.block_x(), logit_tile_bytes(l, kRows));
  const int C = in.size.C, R = in.bias_k != nullptr ? in.size.R : 0;
  const std::int64_t at = rows.row * in.H + rows.head;
  bool extreme = write_scalars(block, in.k + at * C, static_cast<std::int64_t>(in.H) * C, C, 1.0f, rows.n, kRows, 0,
                               l.scalar, image);
  extreme |= write_scalars(block, in.bias_k + at * R, static_cast<std::int64_t>(in.H) * R, R, 1.0f, rows.n, kRows,
                           bias_chunk(l, 0), l.bias, image);
  Half* values =
      reinterpret_cast<Half*>(tiles.values.tile(rows.entry_head, block.block_x(), value_tile_bytes(l, kRows)));
  constexpr int kColumns = value_columns(l);
  for (int row = block.thread(); row < kRows; row += block.threads()) {
    PointChunks<2 * l.point> points;
    RowHeader header = header_past_end();
    const auto store_value = [&](int column, Half half) {
      values[value_element(row, column, kColumns)] = half;
      extreme |= is_extreme(half);
    };
    if (row < rows.n) {
      const std::int64_t n = rows.row + row;
      const Rotation rotation = read_rotation(in.rotations + 9 * n);
      const Vec3 shift = read_vec3(in.translations + 3 * n) - origin;
      header = lift_key_points(l, in.k_points + (n * in.H + rows.head) * 3 * l.size.P_q, rotation, shift,
                               in.point_weights[rows.head], in.key_bias != nullptr ? in.key_bias[n] : 0.0f,
                               StorePointChunk<2 * l.point>{points, kChunk * l.scalar});
      lift_value_points(l, in.v_points + (n * in.H + rows.head) * 3 * l.size.P_v, rotation, shift, store_value);
    }
    const int first = row < rows.n ? 3 * l.size.P_v : 0;
    for (int column = first; column < point_columns(l); ++column) {
      store_value(main_value_columns(l) + column, 0);
      store_value(main_value_columns(l) + point_columns(l) + column, 0);
    }
    write_points(points, row, kRows, l.scalar, image);
    reinterpret_cast<RowHeader*>(image + headers_offset(l, kRows))[row] = header;
    extreme |= points.extreme;
  }
  // Values and pair values: each item is 8 keys of one column.
  const int pair_width = in.pair_k != nullptr ? in.size.R * in.size.c : 0;
  for (int item = block.thread(); item < kRows / kChunk * main_value_columns(l); item += block.threads()) {
    const int column = item % main_value_columns(l), group = item / main_value_columns(l);
    const bool is_pair = column >= kChunk * l.scalar;
    const int within = is_pair ? column - kChunk * l.scalar : column;
    const float* source = is_pair ? in.pair_k + rows.row * pair_width + within : in.v + at * C + within;
    const std::int64_t stride = is_pair ? pair_width : static_cast<std::int64_t>(in.H) * C;
    HalfChunk out{};
    FLASHRNA_UNROLL
    for (int i = 0; i < kChunk; ++i) {
      const int row = kChunk * group + i;
      if (row < rows.n && within < (is_pair ? pair_width : C)) out.h[i] = to_half(source[row * stride]);
      extreme |= is_extreme(out.h[i]);
    }
    *reinterpret_cast<HalfChunk*>(values + value_element(kChunk * group, column, kColumns)) = out;
  }
  if (block.thread() == 0) {
    *reinterpret_cast<TileHeader*>(image + tile_header_offset(l, kRows)) = {{origin.x, origin.y, origin.z}, rows.n, {}};
  }
  report(block, extreme, tiles.extremes);
}

// Sizes known at compile time: at most kC channels and kPair = R c columns of pair values, the unused ones zero; 8
// query points and 12 value points.
template <int kC, int kPair>
struct TensorCoreSize {
  FLASHRNA_HOST_DEVICE static constexpr Layout layout() { return make_layout({kC, 8, 12, kPair > 0 ? 1 : 0, kPair}); }
};

}  // namespace flashrna::fused_ipa
