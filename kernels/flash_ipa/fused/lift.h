// Computes the tensor-core operands from residues: points relative to the origin of their tile, and the sums that
// correct for the difference of two tiles' origins. D = o_I - o_J is the difference between the origins of a query tile
// and a key tile, and primed points are relative to the origin of their own tile. Then
//   -(w/2) sum_p |xq_p - xk_p|^2 =
//       w sum_p q'_p.k'_p + [D.Ks - (w/2) sum_p |k'_p|^2] - [D.Qs + (w P/2) |D|^2] + a constant of the row
// with Qs = w sum_p q'_p and Ks = w sum_p k'_p: one correction per key and one per row and tile. Coordinates are at
// most as large as a tile, whatever the length and position of the chain. Each function is the work of one thread on
// one row.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/flash_ipa/fused/fp16.h"
#include "kernels/flash_ipa/fused/layout.h"

namespace flashrna::fused_ipa {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Vec3 {
  float x, y, z;
};

FLASHRNA_HOST_DEVICE Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
FLASHRNA_HOST_DEVICE Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
FLASHRNA_HOST_DEVICE Vec3 operator*(float s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
// c + a.b
FLASHRNA_HOST_DEVICE float dot(Vec3 a, Vec3 b, float c = 0.0f) {
  return fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, c)));
}
// a + s b
FLASHRNA_HOST_DEVICE Vec3 add_scaled(Vec3 a, float s, Vec3 b) {
  return {fmaf(s, b.x, a.x), fmaf(s, b.y, a.y), fmaf(s, b.z, a.z)};
}

FLASHRNA_HOST_DEVICE Vec3 read_vec3(const float* p) { return {p[0], p[1], p[2]}; }
FLASHRNA_HOST_DEVICE void write_vec3(Vec3 x, float* p) {
  p[0] = x.x;
  p[1] = x.y;
  p[2] = x.z;
}

// Rotation matrix by rows; its columns are the axes.
struct Rotation {
  Vec3 rows[3];
};

FLASHRNA_HOST_DEVICE Rotation read_rotation(const float* p) {
  return {{read_vec3(p), read_vec3(p + 3), read_vec3(p + 6)}};
}
// R v + t
FLASHRNA_HOST_DEVICE Vec3 apply(const Rotation& r, Vec3 v, Vec3 t = {0.0f, 0.0f, 0.0f}) {
  return {dot(r.rows[0], v, t.x), dot(r.rows[1], v, t.y), dot(r.rows[2], v, t.z)};
}
// R^T v
FLASHRNA_HOST_DEVICE Vec3 apply_transposed(const Rotation& r, Vec3 v) {
  return add_scaled(add_scaled(v.x * r.rows[0], v.y, r.rows[1]), v.z, r.rows[2]);
}

// Origin of a tile ---------------------------------------------------------------------------------------------------
// The origin is the mean of the tile's translations. Lane k of 32 sums rows k, k + 32, ..., then the lanes are summed
// in their order. The centroid of a sequence has more lanes, whose sums the 32 lanes sum first.

inline constexpr int kOriginLanes = 32, kCentroidLanes = 512;

template <int kLanes = kOriginLanes>
FLASHRNA_HOST_DEVICE Vec3 sum_of_lane(const float* translations, int n, int lane) {
  Vec3 sum{0.0f, 0.0f, 0.0f};
  for (int row = lane; row < n; row += kLanes) sum = sum + read_vec3(translations + 3 * row);
  return sum;
}

// Sum of lanes k, k + 32, ... of [kCentroidLanes].
FLASHRNA_HOST_DEVICE Vec3 sum_of_lanes(const Vec3* lanes, int k) {
  Vec3 sum = lanes[k];
  for (int lane = k + kOriginLanes; lane < kCentroidLanes; lane += kOriginLanes) sum = sum + lanes[lane];
  return sum;
}

FLASHRNA_HOST_DEVICE Vec3 origin_of_lanes(const Vec3* lanes, int n) {
  Vec3 sum{0.0f, 0.0f, 0.0f};
  for (int lane = 0; lane < kOriginLanes; ++lane) sum = sum + lanes[lane];
  return (n > 0 ? 1.0f / static_cast<float>(n) : 0.0f) * sum;
}

// Rows ---------------------------------------------------------------------------------------------------------------
// `store(column, half)` writes a number into the row; columns that are not stored are zero. `shift` is t - origin: the
// subtraction comes before the rotation, where it is exact.

// s lambda with s = 1 / sqrt(3 C)
FLASHRNA_HOST_DEVICE float query_scale(int C) { return kLog2e / sqrtf(3.0f * static_cast<float>(C)); }

// 8 halves, written by a thread at once.
struct alignas(16) HalfChunk {
  Half h[kChunk];
};

// A chunk of scalars (q, k, b1, b2). Elements from `n` on are zero; `n` may be negative or larger than a chunk.
FLASHRNA_HOST_DEVICE HalfChunk lift_chunk(const float* values, int n, float scale) {
  HalfChunk chunk{};
  FLASHRNA_UNROLL
  for (int i = 0; i < kChunk; ++i) {
    if (i < n) chunk.h[i] = to_half(scale * values[i]);
  }
  return chunk;
}

// Stores a point in columns hi_column + 3 p + axis and lo_column + 3 p + axis.
template <typename Store>
FLASHRNA_HOST_DEVICE Vec3 store_point(Vec3 x, int hi_column, int lo_column, int p, const Store& store) {
  const HiLo halves[3] = {split(x.x), split(x.y), split(x.z)};
  FLASHRNA_UNROLL
  for (int axis = 0; axis < 3; ++axis) {
    store(hi_column + 3 * p + axis, halves[axis].hi);
    store(lo_column + 3 * p + axis, halves[axis].lo);
  }
  return {joined(halves[0]), joined(halves[1]), joined(halves[2])};
}

// Maps a coordinate to its column in the point block of the keys, whose last hi chunk may be separate: see key_hi().
template <typename Store>
struct KeyPointStore {
  const Layout& layout;
  const Store& store;
  FLASHRNA_HOST_DEVICE void operator()(int column, Half value) const {
    const bool lo = column >= kChunk * layout.point;
    const int within = lo ? column - kChunk * layout.point : column;
    const int chunk = lo ? key_lo(layout, within / kChunk) : key_hi(layout, within / kChunk);
    store(kChunk * chunk + within % kChunk, value);
  }
};

// Stores query points (local, [P_q, 3]) times w lambda. Returns w lambda sum_p q'_p of the stored values and the row's
// constant -(w lambda / 2) sum_p |q'_p|^2, which only log_sum_exp needs. The squares in the constant are those of the
// unscaled points, because w may be 0.
template <typename Store>
FLASHRNA_HOST_DEVICE RowHeader lift_query_points(const Layout& layout, const float* points, const Rotation& rotation,
                                                 Vec3 shift, float weight, const Store& store) {
  const float w = weight * kLog2e;
  Vec3 sum{0.0f, 0.0f, 0.0f};
  float squares = 0.0f;
  FLASHRNA_UNROLL
  for (int p = 0; p < layout.size.P_q; ++p) {
    const Vec3 x = apply(rotation, read_vec3(points + 3 * p), shift);
    sum = sum + store_point(w * x, kChunk * query_hi(layout, 0), kChunk * query_lo(layout, 0), p, store);
    squares = dot(x, x, squares);
  }
  return {sum.x, sum.y, sum.z, -0.5f * w * squares};
}

// Header of a key past the end; its columns are zero.
FLASHRNA_HOST_DEVICE RowHeader header_past_end() { return {0.0f, 0.0f, 0.0f, -kInfinity}; }

// Stores key points. Returns w lambda sum_p k'_p, and -(w lambda / 2) sum_p |k'_p|^2 + lambda key_bias, computed from
// the stored values.
template <typename Store>
FLASHRNA_HOST_DEVICE RowHeader lift_key_points(const Layout& layout, const float* points, const Rotation& rotation,
                                               Vec3 shift, float weight, float key_bias, const Store& store) {
  const KeyPointStore<Store> columns{layout, store};
  Vec3 sum{0.0f, 0.0f, 0.0f};
  float squares = 0.0f;
  FLASHRNA_UNROLL
  for (int p = 0; p < layout.size.P_q; ++p) {
    const Vec3 x = apply(rotation, read_vec3(points + 3 * p), shift);
    const Vec3 held = store_point(x, 0, kChunk * layout.point, p, columns);
    sum = sum + held;
    squares = dot(held, held, squares);
  }
  const float w = weight * kLog2e;
  return {w * sum.x, w * sum.y, w * sum.z, fmaf(-0.5f * w, squares, kLog2e * key_bias)};
}

// Stores value points (local, [P_v, 3]).
template <typename Store>
FLASHRNA_HOST_DEVICE void lift_value_points(const Layout& layout, const float* points, const Rotation& rotation,
                                            Vec3 shift, const Store& store) {
  const int hi = main_value_columns(layout), lo = hi + point_columns(layout);
  FLASHRNA_UNROLL
  for (int p = 0; p < layout.size.P_v; ++p) {
    store_point(apply(rotation, read_vec3(points + 3 * p), shift), hi, lo, p, store);
  }
}

// Corrections between a query tile and a key tile; `difference` is o_I - o_J ------------------------------------------

// Correction added to the logits of one key: the first bracket.
FLASHRNA_HOST_DEVICE float key_correction(Vec3 difference, RowHeader key) {
  return dot(difference, Vec3{key.x, key.y, key.z}) + key.w;
}

// w lambda P_q / 2
FLASHRNA_HOST_DEVICE float half_point_weight(const Layout& layout, float weight) {
  return 0.5f * weight * kLog2e * static_cast<float>(layout.size.P_q);
}

// The term of the second bracket that is common to all rows of a tile; `half_weight` is half_point_weight().
FLASHRNA_HOST_DEVICE float tile_correction(Vec3 difference, float half_weight) {
  return half_weight * dot(difference, difference);
}

// Correction added to the logits of one row: minus the second bracket. `of_tile` is tile_correction().
FLASHRNA_HOST_DEVICE float row_correction(Vec3 difference, RowHeader query, float of_tile) {
  return -dot(difference, Vec3{query.x, query.y, query.z}, of_tile);
}

}  // namespace flashrna::fused_ipa
