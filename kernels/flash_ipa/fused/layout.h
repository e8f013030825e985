// What the fused kernels of invariant point attention and their emulator on the host agree on: widths, the order of
// columns in the operands, the order of the tensor core's steps, tile sizes, constants. Functions of a layout that the
// kernels know at compile time.
//
// Operands of one head (hi and lo: the two halves of a coordinate, see fp16.h; primes: relative to the tile's origin):
//   query     q s lambda | w lambda q' hi | lo | b1 lambda      lambda = log2 e, so that logits are powers of 2
//   key       k | k' hi, lo | b2
//   value     v | z2 | xv' hi | xv' lo
//   gradient  dL/do | dL/dU | dL/dX (its last chunk twice if their number is odd)
// A chunk is 8 columns; a tensor-core step contracts two chunks.
#pragma once

#include "kernels/host_device.h"

// Before a loop whose length a kernel knows at compile time, and before one over tiles.
#ifdef __CUDA_ARCH__
#define FLASHRNA_UNROLL _Pragma("unroll")
#define FLASHRNA_NO_UNROLL _Pragma("unroll 1")
#else
#define FLASHRNA_UNROLL
#define FLASHRNA_NO_UNROLL
#endif

namespace flashrna::fused_ipa {

inline constexpr float kLog2e = 1.44269504088896341f;

// P is multiplied by 2^15 before it is rounded to a half: unscaled, every key below 2^-25 of the maximum would vanish.
inline constexpr float kProbabilityExponent = 15.0f;
inline constexpr float kProbabilityScale = 0x1p15f;

// The running maximum starts here and not at minus infinity, which would be subtracted from itself.
inline constexpr float kLowestMaximum = -1e30f;

inline constexpr int kChunk = 8;

// Rows of a tile of queries and of a tile of keys.
struct Tile {
  int queries, keys;
};
inline constexpr Tile kForwardTileSm90{128, 96}, kQueryGradientTileSm90{128, 80}, kKeyGradientTileSm90{80, 64};
inline constexpr Tile kForwardTileSm80{128, 64}, kForwardTileSmallSm80{64, 48};
inline constexpr Tile kQueryGradientTileSm80{128, 32}, kQueryGradientTileSmallSm80{64, 32};
inline constexpr Tile kKeyGradientTileSm80{32, 64}, kKeyGradientTileSmallSm80{16, 64};

// Sizes of a head as the caller has them: channels, query and value points, pair rank, pair value channels.
struct HeadSize {
  int C, P_q, P_v, R, c;
};

// The same in chunks. `scalar` and `pair` are even, and so is `point + bias`: a step takes two.
struct Layout {
  HeadSize size;
  int scalar;       // of q, k, v
  int point;        // of q' hi, as of lo
  int bias;         // of b1
  int pair;         // of z2
  int value_point;  // of xv' hi, as of lo
};

FLASHRNA_HOST_DEVICE constexpr int chunks_of(int columns) { return (columns + kChunk - 1) / kChunk; }
FLASHRNA_HOST_DEVICE constexpr int even(int n) { return n + n % 2; }

FLASHRNA_HOST_DEVICE constexpr Layout make_layout(HeadSize s) {
  const int point = chunks_of(3 * s.P_q);
  const int bias = chunks_of(s.R) > 0 ? chunks_of(s.R) : 1;
  return {s, even(chunks_of(s.C)), point, bias + (point + bias) % 2, even(chunks_of(s.R * s.c)), chunks_of(3 * s.P_v)};
}

// Tiles first ... last - 1 of the keys belong to a part, where the keys are split among several blocks.
struct Part {
  int first, last;
};
FLASHRNA_HOST_DEVICE constexpr Part part_of_tiles(int n_tiles, int n_parts, int part) {
  return {n_tiles * part / n_parts, n_tiles * (part + 1) / n_parts};
}

// Query and key ------------------------------------------------------------------------------------------------------
// The hardware takes any two chunks of a tile for a step, if the second lies behind the first in both operands. So each
// half is stored once, and an odd last hi chunk of the keys stands behind its lo chunk.

FLASHRNA_HOST_DEVICE constexpr int logit_chunks(Layout l) { return l.scalar + 2 * l.point + l.bias; }

FLASHRNA_HOST_DEVICE constexpr int query_hi(Layout l, int i) { return l.scalar + i; }
FLASHRNA_HOST_DEVICE constexpr int query_lo(Layout l, int i) { return l.scalar + l.point + i; }
FLASHRNA_HOST_DEVICE constexpr int bias_chunk(Layout l, int i) { return l.scalar + 2 * l.point + i; }
FLASHRNA_HOST_DEVICE constexpr int key_hi(Layout l, int i) {
  return l.point % 2 == 1 && i == l.point - 1 ? l.scalar + 2 * l.point - 1 : l.scalar + i;
}
FLASHRNA_HOST_DEVICE constexpr int key_lo(Layout l, int i) { return l.scalar + l.point - l.point % 2 + i; }

// Chunks a[0], a[1] of one operand times chunks b[0], b[1] of the other.
struct Step {
  int a[2], b[2];
};

FLASHRNA_HOST_DEVICE constexpr int logit_steps(Layout l) {
  return l.scalar / 2 + l.point / 2 * 3 + l.point % 2 * 2 + (l.bias - l.point % 2) / 2;
}

// Step s of query times key. The tensor core cuts each sum to the accumulator's last place, so the large products
// hi * hi come last and few sums follow them.
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
// What a row of backward sums beside the tensor core: dS, and dS times the difference of origins.
inline constexpr int kSlopeColumns = 4;
// Columns of the sums P V: hi and lo add into the same ones.
FLASHRNA_HOST_DEVICE constexpr int output_columns(Layout l) { return main_value_columns(l) + point_columns(l); }

FLASHRNA_HOST_DEVICE constexpr int gradient_chunks(Layout l) { return l.scalar + l.pair + even(l.value_point); }
FLASHRNA_HOST_DEVICE constexpr int gradient_steps(Layout l) { return (l.scalar + l.pair) / 2 + l.value_point; }

// Step s of gradient (a) times value (b).
FLASHRNA_HOST_DEVICE constexpr Step gradient_step(Layout l, int s) {
  const int points = l.scalar + l.pair, pairs = l.value_point / 2;
  if (s < points / 2) return {{2 * s, 2 * s + 1}, {2 * s, 2 * s + 1}};
  s -= points / 2;
  const bool lo = s >= pairs;
  if (lo) s -= pairs;
  if (lo && s == pairs) {  // the odd last chunk, which stands twice in the gradient, times hi and lo at once
    const int last = points + l.value_point - 1;
    return {{last, last + 1}, {last, last + l.value_point}};
  }
  const int first = points + 2 * s, value = first + (lo ? l.value_point : 0);
  return {{first, first + 1}, {value, value + 1}};
}

// Tiles in memory ----------------------------------------------------------------------------------------------------
// Half-precision numbers, then a header per row, then the tile's own. Query, key and gradient tiles are chunk-major: 8
// rows of a chunk are 128 contiguous bytes, which the tensor core reads without bank conflicts along rows and columns.
// Value tiles group 8 keys instead of 8 columns.

FLASHRNA_HOST_DEVICE constexpr int element(int row, int column, int rows) {
  return (column / kChunk * rows + row) * kChunk + column % kChunk;
}
FLASHRNA_HOST_DEVICE constexpr int value_element(int key, int column, int columns) {
  return (key / kChunk * columns + column) * kChunk + key % kChunk;
}

struct RowHeader {
  float x, y, z, w;
};

// As long as what the tensor core reads at once, so that every tile and operand begins at a multiple of 128 bytes.
struct TileHeader {
  float origin[3];
  int n_rows;  // real ones
  int unused[28];
};

FLASHRNA_HOST_DEVICE constexpr int headers_offset(Layout l, int rows) { return 2 * kChunk * logit_chunks(l) * rows; }
FLASHRNA_HOST_DEVICE constexpr int tile_header_offset(Layout l, int rows) {
  return headers_offset(l, rows) + static_cast<int>(sizeof(RowHeader)) * rows;
}
// Bytes of a query or key tile, of a value tile, of a gradient tile.
FLASHRNA_HOST_DEVICE constexpr int logit_tile_bytes(Layout l, int rows) {
  return tile_header_offset(l, rows) + static_cast<int>(sizeof(TileHeader));
}
FLASHRNA_HOST_DEVICE constexpr int value_tile_bytes(Layout l, int rows) { return 2 * value_columns(l) * rows; }
FLASHRNA_HOST_DEVICE constexpr int gradient_tile_bytes(Layout l, int rows) {
  return (2 * kChunk * gradient_chunks(l) + static_cast<int>(sizeof(RowHeader))) * rows;
}

// Shared memory of forward with mma.m16n8k16: queries, two stages of keys, values, a correction per key; or, at the
// end, finished rows with their maximum and sum.
FLASHRNA_HOST_DEVICE constexpr int forward_shared_bytes(Layout l, Tile tile) {
  const int number = static_cast<int>(sizeof(float));
  const int tiles = logit_tile_bytes(l, tile.queries) + 2 * logit_tile_bytes(l, tile.keys) +
                    value_tile_bytes(l, tile.keys) + number * tile.keys;
  const int rows = number * tile.queries * (output_columns(l) + 2);
  return tiles > rows ? tiles : rows;
}

// That of backward with mma.m16n8k16. Rows are queries: they and their gradients, two stages of keys, values; or,
// at the end, a row's sums over keys with those beside the tensor core.
FLASHRNA_HOST_DEVICE constexpr int query_gradient_shared_bytes(Layout l, Tile tile) {
  const int number = static_cast<int>(sizeof(float));
  const int tiles = logit_tile_bytes(l, tile.queries) + gradient_tile_bytes(l, tile.queries) +
                    2 * logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys);
  const int rows = number * tile.queries * (kChunk * logit_chunks(l) + kSlopeColumns);
  return tiles > rows ? tiles : rows;
}
// Rows are keys: they and their values, two stages of queries and their gradients, P of the tile; or, at the end, a
// row's sums over queries, then those over gradients.
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

// That of forward with wgmma: queries, two stages of keys, values and corrections, four differences of origins, 11
// barriers.
FLASHRNA_HOST_DEVICE constexpr int warpgroup_forward_shared_bytes(Layout l) {
  const Tile tile = kForwardTileSm90;
  return logit_tile_bytes(l, tile.queries) +
         2 * (logit_tile_bytes(l, tile.keys) + value_tile_bytes(l, tile.keys) + 4 * tile.keys) + 4 * 16 + 11 * 8;
}

// That of backward with wgmma: the same without the rows' part, a second buffer for P, 7 barriers.
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

// The kernels' budget of shared memory counts on these sizes: a change of the layout shows here.
namespace check {
inline constexpr Layout kDefault = make_layout({128, 8, 12, 2, 32});
static_assert(logit_steps(kDefault) == 13 && gradient_steps(kDefault) == 17);
static_assert(logit_tile_bytes(kDefault, 128) == 49280 && logit_tile_bytes(kDefault, 96) == 36992);
static_assert(value_tile_bytes(kDefault, 96) == 52224);
static_assert(forward_shared_bytes(kDefault, kForwardTileSm80) == 133760);
static_assert(warpgroup_forward_shared_bytes(kDefault) <= 232448);  // of a block of generation 9.0
static_assert(forward_shared_bytes(kDefault, kForwardTileSmallSm80) == 88128);
static_assert(warpgroup_query_gradient_shared_bytes(kDefault) <= 232448);
static_assert(warpgroup_key_gradient_shared_bytes(kDefault) <= 232448);
static_assert(query_gradient_shared_bytes(kDefault, kQueryGradientTileSm80) == 155008);
static_assert(query_gradient_shared_bytes(kDefault, kQueryGradientTileSmallSm80) == 98688);
static_assert(key_gradient_shared_bytes(kDefault, kKeyGradientTileSm80) == 120192);
static_assert(key_gradient_shared_bytes(kDefault, kKeyGradientTileSmallSm80) == 89984);
}  // namespace check

}  // namespace flashrna::fused_ipa
