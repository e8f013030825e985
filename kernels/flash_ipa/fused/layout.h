// Layout of the operands of the fused kernels of invariant point attention, shared with their emulator on the host:
// widths, order of the columns, order of the tensor-core steps, tile sizes, constants. All are functions of a layout
// that the kernels know at compile time.
//
// Operands of one head (hi and lo are the two halves of a coordinate, see fp16.h; primed points are relative to the
// origin of their tile):
//   query     q s lambda | w lambda q' hi | lo | b1 lambda      lambda = log2 e, so that exp() becomes exp2()
//   key       k | k' hi, lo | b2
//   value     v | z2 | xv' hi | xv' lo
//   gradient  dL/do | dL/dU | dL/dX (the last chunk is repeated if the number of chunks is odd)
// A chunk is 8 columns. A tensor-core step contracts over two chunks.
#pragma once

#include "kernels/host_device.h"

// FLASHRNA_UNROLL marks a loop with a trip count known at compile time, FLASHRNA_NO_UNROLL a loop over tiles.
#ifdef __CUDA_ARCH__
#define FLASHRNA_UNROLL _Pragma("unroll")
#define FLASHRNA_NO_UNROLL _Pragma("unroll 1")
#else
#define FLASHRNA_UNROLL
#define FLASHRNA_NO_UNROLL
#endif

namespace flashrna::fused_ipa {

inline constexpr float kLog2e = 1.44269504088896341f;

// P is multiplied by 2^15 before rounding to a half: unscaled, every P below 2^-25 of the maximum would round to zero.
inline constexpr float kProbabilityExponent = 15.0f;
inline constexpr float kProbabilityScale = 0x1p15f;

// Initial value of the running maximum. It is finite because the difference of two infinities is NaN.
inline constexpr float kLowestMaximum = -1e30f;

inline constexpr int kChunk = 8;

// Number of rows in a tile of queries and in a tile of keys.
struct Tile {
  int queries, keys;
};
inline constexpr Tile kForwardTileSm90{128, 96}, kQueryGradientTileSm90{128, 80}, kKeyGradientTileSm90{80, 64};
inline constexpr Tile kForwardTileSm80{128, 64}, kForwardTileSmallSm80{64, 48};
inline constexpr Tile kQueryGradientTileSm80{128, 32}, kQueryGradientTileSmallSm80{64, 32};
inline constexpr Tile kKeyGradientTileSm80{32, 64}, kKeyGradientTileSmallSm80{16, 64};

// Sizes of a head as the caller passes them: channels, query and value points, pair rank, pair value channels.
struct HeadSize {
  int C, P_q, P_v, R, c;
};

// The same sizes in chunks. `scalar`, `pair` and `point + bias` are even because a step takes two chunks.
struct Layout {
  HeadSize size;
  int scalar;       // of each of q, k, v
  int point;        // of q' hi, and as many of q' lo
  int bias;         // of b1
  int pair;         // of z2
  int value_point;  // of xv' hi, and as many of xv' lo
};

FLASHRNA_HOST_DEVICE constexpr int chunks_of(int columns) { return (columns + kChunk - 1) / kChunk; }
FLASHRNA_HOST_DEVICE constexpr int even(int n) { return n + n % 2; }

FLASHRNA_HOST_DEVICE constexpr Layout make_layout(HeadSize s) {
  const int point = chunks_of(3 * s.P_q);
  const int bias = chunks_of(s.R) > 0 ? chunks_of(s.R) : 1;
  return {s, even(chunks_of(s.C)), point, bias + (point + bias) % 2, even(chunks_of(s.R * s.c)), chunks_of(3 * s.P_v)};
}

// Range of key tiles, first to last - 1, that one block processes when several blocks share the keys of a row.
struct Part {
  int first, last;
};
FLASHRNA_HOST_DEVICE constexpr Part part_of_tiles(int n_tiles, int n_parts, int part) {
  return {n_tiles * part / n_parts, n_tiles * (part + 1) / n_parts};
}

// Query and key ------------------------------------------------------------------------------------------------------
// A step may take any two chunks of a tile, provided the second has the higher address in both operands. So each half
// is stored only once, and if the number of hi chunks of the keys is odd, the last one is stored after its lo chunk.

FLASHRNA_HOST_DEVICE constexpr int logit_chunks(Layout l) { return l.scalar + 2 * l.point + l.bias; }

FLASHRNA_HOST_DEVICE constexpr int query_hi(Layout l, int i) { return l.scalar + i; }
FLASHRNA_HOST_DEVICE constexpr int query_lo(Layout l, int i) { return l.scalar + l.point + i; }
FLASHRNA_HOST_DEVICE constexpr int bias_chunk(Layout l, int i) { return l.scalar + 2 * l.point + i; }
FLASHRNA_HOST_DEVICE constexpr int key_hi(Layout l, int i) {
  return l.point % 2 == 1 && i == l.point - 1 ? l.scalar + 2 * l.point - 1 : l.scalar + i;
}
FLASHRNA_HOST_DEVICE constexpr int key_lo(Layout l, int i) { return l.scalar + l.point - l.point % 2 + i; }

// A step multiplies chunks a[0], a[1] of the left operand by chunks b[0], b[1] of the right operand.
struct Step {
  int a[2], b[2];
};

FLASHRNA_HOST_DEVICE constexpr int logit_steps(Layout l) {
  return l.scalar / 2 + l.point / 2 * 3 + l.point % 2 * 2 + (l.bias - l.point % 2) / 2;
}

// Step s of query times key. The tensor core truncates each sum to the last place of the accumulator, so the large
// products hi * hi come last, and few additions follow them.
FLASHRNA_HOST_DEVICE constexpr Step logit_step(Layout l, int s) {
  if (s < l.scalar / 2) return {{2 * s, 2 * s + 1}, {2 * s, 2 * s + 1}};
  s -= l.scalar / 2;
  const int pairs = l.point / 2, last = l.point - 1;
  if (s < pairs) return {{query_hi(l, 2 * s), query_hi(l, 2 * s + 1)}, {key_lo(l, 2 * s), key_lo(l, 2 * s + 1)}};
  s -= pairs;
  if (s < pairs) return {{query_lo(l, 2 * s), query_lo(l, 2 * s + 1)}, {key_hi(l, 2 * s), key_hi(l, 2 * s + 1)}};
  s -= pairs;
  const int odd = l.point % 2;
  if (odd == 1 && s == 0) return {{query_hi(l, last), query_lo(l, last)}, {key_lo(l, last), key_hi(l, last)}};
  s -= odd;
  const int bias_pairs = (l.bias - odd) / 2;
  if (s < bias_pairs) {
    const int first = bias_chunk(l, odd + 2 * s);
    return {{first, first + 1}, {first, first + 1}};
  }
  s -= bias_pairs;
  if (odd == 1 && s == 0) return {{query_hi(l, last), bias_chunk(l, 0)}, {key_hi(l, last), bias_chunk(l, 0)}};
  s -= odd;
  return {{query_hi(l, 2 * s), query_hi(l, 2 * s + 1)}, {key_hi(l, 2 * s), key_hi(l, 2 * s + 1)}};
}

// Value and gradient -------------------------------------------------------------------------------------------------

FLASHRNA_HOST_DEVICE constexpr int main_value_columns(Layout l) { return kChunk * (l.scalar + l.pair); }
FLASHRNA_HOST_DEVICE constexpr int point_columns(Layout l) { return kChunk * l.value_point; }
FLASHRNA_HOST_DEVICE constexpr int value_columns(Layout l) { return main_value_columns(l) + 2 * point_columns(l); }
// Columns per row of sums that backward computes outside the tensor core: sum of dS, and sum of dS times D = o_I - o_J.
inline constexpr int kSlopeColumns = 4;
// Columns of the sums P V. The products with hi and with lo accumulate into the same columns.
FLASHRNA_HOST_DEVICE constexpr int output_columns(Layout l) { return main_value_columns(l) + point_columns(l); }

FLASHRNA_HOST_DEVICE constexpr int gradient_chunks(Layout l) { return l.scalar + l.pair + even(l.value_point); }
FLASHRNA_HOST_DEVICE constexpr int gradient_steps(Layout l) { return (l.scalar + l.pair) / 2 + l.value_point; }

// Columns of a row of sums of the query-gradient kernel, and of the key-gradient kernel.
FLASHRNA_HOST_DEVICE constexpr int gradient_part_columns(Layout l, bool rows_are_queries) {
  return kChunk * logit_chunks(l) + kSlopeColumns + (rows_are_queries ? 0 : output_columns(l));
}

// Step s of gradient (left operand) times value (right operand).
FLASHRNA_HOST_DEVICE constexpr Step gradient_step(Layout l, int s) {
  const int points = l.scalar + l.pair, pairs = l.value_point / 2;
  if (s < points / 2) return {{2 * s, 2 * s + 1}, {2 * s, 2 * s + 1}};
  s -= points / 2;
  const bool lo = s >= pairs;
  if (lo) s -= pairs;
  if (lo && s == pairs) {  // the odd last chunk is stored twice in the gradient: one step multiplies it by hi and by lo
    const int last = points + l.value_point - 1;
    return {{last, last + 1}, {last, last + l.value_point}};
  }
  const int first = points + 2 * s, value = first + (lo ? l.value_point : 0);
  return {{first, first + 1}, {value, value + 1}};
}

// Tiles in memory ----------------------------------------------------------------------------------------------------
// A tile holds its halves, then one header per row, then one header for the tile. Query, key and gradient tiles are
// chunk-major: 8 rows of a chunk are 128 contiguous bytes, which the tensor core reads without bank conflicts by rows
// and by columns. In value tiles a group of 8 contiguous halves is 8 keys of one column.

FLASHRNA_HOST_DEVICE constexpr int element(int row, int column, int rows) {
  return (column / kChunk * rows + row) * kChunk + column % kChunk;
}
FLASHRNA_HOST_DEVICE constexpr int value_element(int key, int column, int columns) {
  return (key / kChunk * columns + column) * kChunk + key % kChunk;
}

struct RowHeader {
  float x, y, z, w;
};

// 128 bytes, the unit that the tensor core reads at once, so that every tile and operand starts at a multiple of 128.
struct TileHeader {
  float origin[3];
  int n_rows;  // rows that are not padding
  int unused[28];
};

FLASHRNA_HOST_DEVICE constexpr int headers_offset(Layout l, int rows) { return 2 * kChunk * logit_chunks(l) * rows; }
FLASHRNA_HOST_DEVICE constexpr int tile_header_offset(Layout l, int rows) {
  return headers_offset(l, rows) + static_cast<int>(sizeof(RowHeader)) * rows;
}
// Size in bytes of a query or key tile, of a value tile, of a gradient tile.
FLASHRNA_HOST_DEVICE constexpr int logit_tile_bytes(Layout l, int rows) {
  return tile_header_offset(l, rows) + static_cast<int>(sizeof(TileHeader));
}
FLASHRNA_HOST_DEVICE constexpr int value_tile_bytes(Layout l, int rows) { return 2 * value_columns(l) * rows; }
FLASHRNA_HOST_DEVICE constexpr int gradient_tile_bytes(Layout l, int rows) {
  return (2 * kChunk * gradient_chunks(l) + static_cast<int>(sizeof(RowHeader))) * rows;
}

// Shared memory of the forward kernel with mma.m16n8k16: queries, two stages of keys, values, a correction per key. At
// the end the finished rows with their maxima and sums reuse the same memory.
FLASHRNA_HOST_DEVICE constexpr int forward_shared_bytes(Layout l, Tile tile) {
  const int number = static_cast<int>(sizeof(float));
  const int tiles = logit_tile_bytes(l, tile.queries) + 2 * logit_tile_bytes(l, tile.keys) +
                    value_tile_bytes(l, tile.keys) + number * tile.keys;
  const int rows = number * tile.queries * (output_columns(l) + 2);
  return tiles > rows ? tiles : rows;
}

// Shared memory of the query-gradient kernel with mma.m16n8k16. Rows are queries: queries and their gradients, two
// stages of keys, values. At the end the sums over keys of each row, with those outside the tensor core, reuse the same
// memory.
FLASHRNA_HOST_DEVICE constexpr int query_gradient_shared_bytes(Layout l, Tile tile) {
  const int number = static_cast<int>(sizeof(float));
  const int tiles = logit_tile_bytes(l, tile.queries) + gradient_tile_bytes(l, tile.queries) +
                    2 * logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys);
  const int rows = number * tile.queries * (kChunk * logit_chunks(l) + kSlopeColumns);
  return tiles > rows ? tiles : rows;
}
// Shared memory of the key-gradient kernel. Rows are keys: keys and their values, two stages of queries and their
// gradients, P of the tile. At the end the sums over queries of each row, then those over gradients, reuse the memory.
FLASHRNA_HOST_DEVICE constexpr int key_gradient_shared_bytes(Layout l, Tile tile) {
  const int number = static_cast<int>(sizeof(float));
  const int tiles = logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys) +
                    2 * (logit_tile_bytes(l, tile.queries) + gradient_tile_bytes(l, tile.queries)) +
                    2 * tile.keys * tile.queries;
  const int by_queries = number * tile.keys * (kChunk * logit_chunks(l) + kSlopeColumns);
  const int by_gradients = number * tile.keys * output_columns(l);
  const int rows = by_queries > by_gradients ? by_queries : by_gradients;
  return tiles > rows ? tiles : rows;
}

// Shared memory of the forward kernel with wgmma: queries, two stages of keys, values and corrections, four differences
// of origins, 11 barriers.
FLASHRNA_HOST_DEVICE constexpr int warpgroup_forward_shared_bytes(Layout l) {
  const Tile tile = kForwardTileSm90;
  return logit_tile_bytes(l, tile.queries) +
         2 * (logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys) + 4 * tile.keys) + 4 * 16 + 11 * 8;
}

// Shared memory of the backward kernels with wgmma: tiles as with mma.m16n8k16, which are larger than the rows of sums,
// and 7 barriers. The key-gradient kernel has a second buffer for P.
FLASHRNA_HOST_DEVICE constexpr int warpgroup_query_gradient_shared_bytes(Layout l) {
  const Tile tile = kQueryGradientTileSm90;
  return logit_tile_bytes(l, tile.queries) + gradient_tile_bytes(l, tile.queries) + 2 * logit_tile_bytes(l, tile.keys) +
         value_tile_bytes(l, tile.keys) + 7 * 8;
}
FLASHRNA_HOST_DEVICE constexpr int warpgroup_key_gradient_shared_bytes(Layout l) {
  const Tile tile = kKeyGradientTileSm90;
  return logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys) +
         2 * (logit_tile_bytes(l, tile.queries) + gradient_tile_bytes(l, tile.queries)) +
         2 * 2 * tile.keys * tile.queries + 7 * 8;
}

// The kernels fit into shared memory with these sizes. A change of the layout fails here at compile time.
namespace check {
inline constexpr Layout kDefault = make_layout({128, 8, 12, 2, 32});
static_assert(logit_steps(kDefault) == 13 && gradient_steps(kDefault) == 17);
static_assert(logit_tile_bytes(kDefault, 128) == 49280 && logit_tile_bytes(kDefault, 96) == 36992);
static_assert(value_tile_bytes(kDefault, 96) == 52224);
static_assert(forward_shared_bytes(kDefault, kForwardTileSm80) == 133760);
static_assert(warpgroup_forward_shared_bytes(kDefault) <= 232448);  // limit per block on capability 9.0
static_assert(forward_shared_bytes(kDefault, kForwardTileSmallSm80) == 88128);
static_assert(warpgroup_query_gradient_shared_bytes(kDefault) <= 232448);
static_assert(warpgroup_key_gradient_shared_bytes(kDefault) <= 232448);
static_assert(query_gradient_shared_bytes(kDefault, kQueryGradientTileSm80) == 155008);
static_assert(query_gradient_shared_bytes(kDefault, kQueryGradientTileSmallSm80) == 98688);
static_assert(key_gradient_shared_bytes(kDefault, kKeyGradientTileSm80) == 120192);
static_assert(key_gradient_shared_bytes(kDefault, kKeyGradientTileSmallSm80) == 89984);
}  // namespace check

}  // namespace flashrna::fused_ipa
