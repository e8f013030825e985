// Computes gradients of the inputs from the sums of the two backward kernels: first one row of one head, then what is
// summed over heads. Kernels and emulator call the same functions.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/gradient_tiles.h"

namespace flashrna::fused_ipa {

// One row of one head ------------------------------------------------------------------------------------------------
// `sum(column)` returns a row's sums over the columns of the other operand. `local` and `by_local` are the row's points
// and the gradients with respect to them, [P, 3].

struct RowOfHead {
  Rotation rotation;
  Vec3 from_origin, from_centroid;  // t minus the tile's origin, minus the sequence's centroid
  float weight;                     // of the head's points
  int exponent;                     // scaling of G by 2^exponent
};

// A point x = R l + t, where g is the gradient with respect to x.
FLASHRNA_HOST_DEVICE void finish_point(const RowOfHead& row, Vec3 local, Vec3 g, float* by_local, ResidueGradient& to) {
  write_vec3(apply_transposed(row.rotation, g), by_local);
  add_global_point(to.frame, local, g);
}
FLASHRNA_HOST_DEVICE void finish_weighted_point(const RowOfHead& row, Vec3 local, Vec3 g, float* by_local,
                                                ResidueGradient& to) {
  finish_point(row, local, g, by_local, to);
  to.point_weight += weight_gradient(apply(row.rotation, local, row.from_centroid), g, row.weight);
}

// Coordinate i of the points in a row of sums over the key operand's columns: hi plus lo.
template <class Sum>
FLASHRNA_HOST_DEVICE float key_coordinate(const Layout& l, int i, const Sum& sum) {
  return sum(kChunk * key_hi(l, i / kChunk) + i % kChunk) + sum(kChunk * key_lo(l, i / kChunk) + i % kChunk);
}
template <class Sum>
FLASHRNA_HOST_DEVICE float query_coordinate(const Layout& l, int i, const Sum& sum) {
  return sum(kChunk * query_hi(l, 0) + i) + sum(kChunk * query_lo(l, 0) + i);
}

template <class Sum>
FLASHRNA_HOST_DEVICE void finish_query_points(const Layout& l, const RowOfHead& row, const float* local, const Sum& sum,
                                              const SlopeSums& slopes, float* by_local, ResidueGradient& to) {
  FLASHRNA_NO_UNROLL
  for (int p = 0; p < l.size.P_q; ++p) {
    const Vec3 point = read_vec3(local + 3 * p);
    const Vec3 products{key_coordinate(l, 3 * p, sum), key_coordinate(l, 3 * p + 1, sum),
                        key_coordinate(l, 3 * p + 2, sum)};
    const Vec3 g =
        query_point_gradient(products, slopes, apply(row.rotation, point, row.from_origin), row.weight, row.exponent);
    finish_weighted_point(row, point, g, by_local + 3 * p, to);
  }
}

// The output points' direct contribution to the frame. `rounded(column)` returns a row of the gradient operand; `y`
// [P_v, 3] is the output of forward. Not for masked rows, whose y is zero for every frame.
template <class Rounded>
FLASHRNA_HOST_DEVICE void finish_output_points(const Layout& l, const RowOfHead& row, const float* y,
                                               const Rounded& rounded, ResidueGradient& to) {
  FLASHRNA_NO_UNROLL
  for (int p = 0; p < l.size.P_v; ++p) {
    const int column = main_value_columns(l) + 3 * p;
    const Vec3 g{rounded(column), rounded(column + 1), rounded(column + 2)};
    add_local_point(to.frame, row.rotation, read_vec3(y + 3 * p), unscaled(g, row.exponent));
  }
}

template <class Sum>
FLASHRNA_HOST_DEVICE void finish_key_points(const Layout& l, const RowOfHead& row, const float* local, const Sum& sum,
                                            const SlopeSums& slopes, float* by_local, ResidueGradient& to) {
  FLASHRNA_NO_UNROLL
  for (int p = 0; p < l.size.P_q; ++p) {
    const Vec3 point = read_vec3(local + 3 * p);
    const Vec3 products{query_coordinate(l, 3 * p, sum), query_coordinate(l, 3 * p + 1, sum),
                        query_coordinate(l, 3 * p + 2, sum)};
    const Vec3 g =
        key_point_gradient(products, slopes, apply(row.rotation, point, row.from_origin), row.weight, row.exponent);
    finish_weighted_point(row, point, g, by_local + 3 * p, to);
  }
  to.key_bias = unscaled(slopes.sum, row.exponent);
}

template <class Sum>
FLASHRNA_HOST_DEVICE void finish_value_points(const Layout& l, const RowOfHead& row, const float* local, const Sum& sum,
                                              float* by_local, ResidueGradient& to) {
  FLASHRNA_NO_UNROLL
  for (int p = 0; p < l.size.P_v; ++p) {
    const int column = main_value_columns(l) + 3 * p;
    const Vec3 g{value_gradient(sum(column), row.exponent), value_gradient(sum(column + 1), row.exponent),
                 value_gradient(sum(column + 2), row.exponent)};
    finish_point(row, read_vec3(local + 3 * p), g, by_local + 3 * p, to);
  }
}

// What heads share ---------------------------------------------------------------------------------------------------

// Results of the two kernels for the steps after them, by entry and head.
struct HeadSums {
  ResidueGradient* rows = nullptr;  // [B, H, longest]
  float* pair_k = nullptr;          // [B, H, longest, R c]
  std::int64_t longest = 0;

  FLASHRNA_HOST_DEVICE std::int64_t row(int entry_head, std::int64_t row) const { return entry_head * longest + row; }
};

// Sums number `item` of a residue's shared gradients over heads, in their order: 12 entries of the frame, the key bias,
// then the gradients of pair_q and pair_k. Writes the number if `out` has an array for it.
FLASHRNA_HOST_DEVICE void sum_over_heads(const Arguments& in, const OutputGradients& gradients, const HeadSums& sums,
                                         int entry, int row, int item, const InputGradients& out) {
  constexpr int kFrame = 12, kBias = 12;
  const std::int64_t n = in.first_row_of(entry) + row;
  const int first = entry * in.H, pairs = in.size.R * in.size.c;
  float sum = 0.0f;
  if (item < kFrame) {
    for (int h = 0; h < in.H; ++h) {
      const FrameGradient& frame = sums.rows[sums.row(first + h, row)].frame;
      const Vec3 v = item < 9 ? frame.rotation.rows[item / 3] : frame.translation;
      sum += item % 3 == 0 ? v.x : item % 3 == 1 ? v.y : v.z;
    }
    *(item < 9 ? out.rotations + 9 * n + item : out.translations + 3 * n + item - 9) = sum;
  } else if (item == kBias) {
    if (out.key_bias == nullptr) return;
    for (int h = 0; h < in.H; ++h) sum += sums.rows[sums.row(first + h, row)].key_bias;
    out.key_bias[n] = sum;
  } else if (item - kBias - 1 < pairs) {
    const int i = item - kBias - 1;
    for (int h = 0; h < in.H; ++h) {
      const std::int64_t at = n * in.H + h;
      sum = fmaf(gradients.d_pairs[at * in.size.c + i % in.size.c], gradients.pair_sums[at * pairs + i], sum);
    }
    out.pair_q[n * pairs + i] = sum;
  } else {
    const int i = item - kBias - 1 - pairs;
    for (int h = 0; h < in.H; ++h) sum += sums.pair_k[sums.row(first + h, row) * pairs + i];
    out.pair_k[n * pairs + i] = sum;
  }
}
FLASHRNA_HOST_DEVICE int shared_items(const Arguments& in) {
  return 13 + (in.pair_k != nullptr ? 2 * in.size.R * in.size.c : 0);
}

inline constexpr int kRowsOfSharing = 16;  // rows per block

// Grid: (rows of an entry, entry).
template <class Block>
FLASHRNA_DEVICE void sum_rows_over_heads(const Block& block, const Arguments& in, const OutputGradients& gradients,
                                         const HeadSums& sums, const InputGradients& out) {
  const TileRows rows = rows_of_tile(in, block.block_y() * in.H, block.block_x(), kRowsOfSharing);
  const int items = shared_items(in);
  for (int i = block.thread(); i < rows.n * items; i += block.threads()) {
    sum_over_heads(in, gradients, sums, rows.entry, rows.first + i / items, i % items, out);
  }
}

// The gradient of a head's weight. Lane k sums rows k, k + kWeightLanes, ... of all entries, then the lanes are summed
// in their order. Sums are f64 because they run over many residues.
inline constexpr int kWeightLanes = 128;

FLASHRNA_HOST_DEVICE double point_weight_of_lane(const Arguments& in, const HeadSums& sums, int head, int lane) {
  double sum = 0.0;
  for (int entry = 0; entry < in.B; ++entry) {
    for (std::int64_t row = lane; row < in.length_of(entry); row += kWeightLanes) {
      sum += static_cast<double>(sums.rows[sums.row(entry * in.H + head, row)].point_weight);
    }
  }
  return sum;
}
FLASHRNA_HOST_DEVICE float point_weight_of_lanes(const double* lanes) {
  double sum = 0.0;
  for (int lane = 0; lane < kWeightLanes; ++lane) sum += lanes[lane];
  return static_cast<float>(sum);
}

// Grid: (head), kWeightLanes threads.
template <class Block>
FLASHRNA_DEVICE void sum_point_weights(const Block& block, const Arguments& in, const HeadSums& sums, float* out) {
  double* lanes = block.template shared<double>(0);
  lanes[block.thread()] = point_weight_of_lane(in, sums, block.block_x(), block.thread());
  block.sync();
  if (block.thread() == 0) out[block.block_x()] = point_weight_of_lanes(lanes);
}

}  // namespace flashrna::fused_ipa
