// Backward of the fused kernels, the parts of one thread: what comes before the two kernels, what one element of P
// needs inside them, and what makes gradients of the inputs from their sums. With G the derivative by the sums
// (o, U, X), rounded to halves once, and delta computed from the rounded one,
//   dS = P (dP - delta),  dP_ij = G_i . (v_j, z2_j, xv_j - o_I).
// Points are relative to their tiles; whatever corrects for the difference of origins, D = o_I - o_J, is summed over
// the same rounded dS that the tensor core multiplies: sum_j dS_ij is zero only in exact arithmetic.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/flash_ipa/fused/softmax.h"

namespace flashrna::fused_ipa {

// Before: rows of G --------------------------------------------------------------------------------------------------

// By X, from the derivatives by y = R^T (X - t) and its norm.
FLASHRNA_HOST_DEVICE Vec3 point_gradient(const Rotation& rotation, Vec3 y, Vec3 by_point, float by_norm) {
  return apply(rotation, add_scaled(by_point, by_norm / sqrtf(dot(y, y, 1e-8f)), y));
}

// One row's derivative by its sums, not yet rounded, and the sums themselves; points of the sums relative to the origin
// of the query tile: X - o_I = R y + (t - o_I).
struct GradientRow {
  const float *by_scalars, *scalars;      // [C]
  const float *by_pairs, *z1, *u;         // [c], [R, c], [R, c]; null without pair values
  const float *by_points, *by_norms, *y;  // [P_v, 3], [P_v], [P_v, 3]
  Rotation rotation;
};

// Squares of a lane's columns of G: lane k of n takes columns k, k + n, ... and points likewise.
FLASHRNA_HOST_DEVICE float square_of_gradient(HeadSize size, const GradientRow& row, int lane, int lanes) {
  float sum = 0.0f;
  for (int c = lane; c < size.C; c += lanes) sum = fmaf(row.by_scalars[c], row.by_scalars[c], sum);
  if (row.by_pairs != nullptr) {
    for (int i = lane; i < size.R * size.c; i += lanes) {
      const float g = row.by_pairs[i % size.c] * row.z1[i];
      sum = fmaf(g, g, sum);
    }
  }
  for (int p = lane; p < size.P_v; p += lanes) {
    const Vec3 g =
        point_gradient(row.rotation, read_vec3(row.y + 3 * p), read_vec3(row.by_points + 3 * p), row.by_norms[p]);
    sum = dot(g, g, sum);
  }
  return sum;
}

// The same of the values of a key, points relative to the sequence's centroid; `shift` is t - centroid.
FLASHRNA_HOST_DEVICE float square_of_values(HeadSize size, const float* v, const float* z2, const float* points,
                                            const Rotation& rotation, Vec3 shift, int lane, int lanes) {
  float sum = 0.0f;
  for (int c = lane; c < size.C; c += lanes) sum = fmaf(v[c], v[c], sum);
  if (z2 != nullptr) {
    for (int i = lane; i < size.R * size.c; i += lanes) sum = fmaf(z2[i], z2[i], sum);
  }
  for (int p = lane; p < size.P_v; p += lanes) {
    const Vec3 x = apply(rotation, read_vec3(points + 3 * p), shift);
    sum = dot(x, x, sum);
  }
  return sum;
}

// The largest e with 2^e max|G| 2 max|V| <= 2^14 and 2^e max|G| <= 2^14, from the squares. The sums are means of the
// values, so |dS| <= 2^14 by Cauchy and Schwarz: no half overflows.
FLASHRNA_HOST_DEVICE int gradient_exponent(float largest_square_of_gradient, float largest_square_of_values) {
  const float bound = sqrtf(largest_square_of_gradient) * fmaxf(1.0f, 2.0f * sqrtf(largest_square_of_values));
  if (!(bound > 0.0f && bound < kInfinity)) return 0;
  int exponent;
  const float mantissa = frexpf(bound, &exponent);  // bound = mantissa 2^exponent, mantissa in [1/2, 1)
  const int e = 14 - (mantissa == 0.5f ? exponent - 1 : exponent);
  return e < -100 ? -100 : e > 100 ? 100 : e;
}

// Lane k's columns of G 2^e, rounded, into store(column, half), and its part of the row's header: (sum_p G_p, delta).
template <typename Store>
FLASHRNA_HOST_DEVICE RowHeader round_gradient(const Layout& layout, const GradientRow& row, int exponent, Vec3 shift,
                                              int lane, int lanes, const Store& store) {
  const HeadSize size = layout.size;
  RowHeader header{0.0f, 0.0f, 0.0f, 0.0f};
  for (int c = lane; c < size.C; c += lanes) {
    const Half g = to_half(ldexpf(row.by_scalars[c], exponent));
    store(c, g);
    header.w = fmaf(from_half(g), row.scalars[c], header.w);
  }
  if (row.by_pairs != nullptr) {
    for (int i = lane; i < size.R * size.c; i += lanes) {
      const Half g = to_half(ldexpf(row.by_pairs[i % size.c] * row.z1[i], exponent));
      store(kChunk * layout.scalar + i, g);
      header.w = fmaf(from_half(g), row.u[i], header.w);
    }
  }
  const int last_chunk = kChunk * (layout.value_point - 1);
  for (int p = lane; p < size.P_v; p += lanes) {
    const Vec3 y = read_vec3(row.y + 3 * p);
    const Vec3 g = point_gradient(row.rotation, y, read_vec3(row.by_points + 3 * p), row.by_norms[p]);
    const Half halves[3] = {to_half(ldexpf(g.x, exponent)), to_half(ldexpf(g.y, exponent)),
                            to_half(ldexpf(g.z, exponent))};
    for (int axis = 0; axis < 3; ++axis) {
      const int column = 3 * p + axis;
      store(main_value_columns(layout) + column, halves[axis]);
      // The last of an odd number of chunks stands twice: see gradient_step().
      if (layout.value_point % 2 == 1 && column >= last_chunk) {
        store(main_value_columns(layout) + column + kChunk, halves[axis]);
      }
    }
    const Vec3 rounded{from_half(halves[0]), from_half(halves[1]), from_half(halves[2])};
    header.x += rounded.x;
    header.y += rounded.y;
    header.z += rounded.z;
    header.w = dot(rounded, apply(row.rotation, y, shift), header.w);
  }
  return header;
}

// Inside: one element ------------------------------------------------------------------------------------------------

// What is taken from dP of one row in one tile, delta and the origins' part. `gradient` is the row's header.
FLASHRNA_HOST_DEVICE float slope_offset(Vec3 difference, RowHeader gradient) {
  return dot(difference, Vec3{gradient.x, gradient.y, gradient.z}, gradient.w);
}

// dS for the query's sums, from P in f32; to be rounded.
FLASHRNA_HOST_DEVICE float query_slope(float p, float dp, float offset) { return p * (dp - offset); }

// dS for the key's sums, from the rounded 2^15 P that also multiplies G; to be rounded.
FLASHRNA_HOST_DEVICE float key_slope(float p, float dp, float offset) {
  return p * fmaf(dp, 1.0f / kProbabilityScale, -offset * (1.0f / kProbabilityScale));
}

// What a thread sums beside the tensor core, over its columns.
struct SlopeSums {
  float sum = 0.0f;               // sum of dS
  Vec3 origin{0.0f, 0.0f, 0.0f};  // sum over tiles of (sum of dS) D
};

FLASHRNA_HOST_DEVICE void end_gradient_tile(SlopeSums& row, float tile_sum, Vec3 difference) {
  row.sum += tile_sum;
  row.origin = add_scaled(row.origin, tile_sum, difference);
}

// After: from sums to gradients --------------------------------------------------------------------------------------

// Undoes the exponent of G.
FLASHRNA_HOST_DEVICE float unscaled(float x, int exponent) { return ldexpf(x, -exponent); }
FLASHRNA_HOST_DEVICE Vec3 unscaled(Vec3 x, int exponent) {
  return {unscaled(x.x, exponent), unscaled(x.y, exponent), unscaled(x.z, exponent)};
}

// Of q, from sum_j dS k; of b1 the same with `factor` 1.
FLASHRNA_HOST_DEVICE float query_factor(int C) { return 1.0f / sqrtf(3.0f * static_cast<float>(C)); }
// Of k, from sum_i dS (q s lambda), and of b2, from sum_i dS (b1 lambda).
inline constexpr float kKeyFactor = 1.0f / kLog2e;

// By a query's global point: `products` sum_j dS k'_p, hi and lo together; `x` the point relative to the tile's origin.
FLASHRNA_HOST_DEVICE Vec3 query_point_gradient(Vec3 products, const SlopeSums& sums, Vec3 x, float weight,
                                               int exponent) {
  return unscaled(weight * (products - sums.origin - sums.sum * x), exponent);
}

// By a key's: `products` sum_i dS (w lambda q'_p).
FLASHRNA_HOST_DEVICE Vec3 key_point_gradient(Vec3 products, const SlopeSums& sums, Vec3 x, float weight, int exponent) {
  return unscaled(add_scaled(weight * (sums.origin - sums.sum * x), kKeyFactor, products), exponent);
}

// By a value's global point or any column of the values: the sum of (2^15 P) G.
FLASHRNA_HOST_DEVICE float value_gradient(float sum, int exponent) { return ldexpf(sum, -exponent - 15); }

// What a residue's frame gets from a point x = R l + t with the gradient g by x, entry by entry of R.
struct FrameGradient {
  Rotation rotation{};
  Vec3 translation{};
};

FLASHRNA_HOST_DEVICE void add_global_point(FrameGradient& frame, Vec3 local, Vec3 g) {
  frame.rotation.rows[0] = add_scaled(frame.rotation.rows[0], g.x, local);
  frame.rotation.rows[1] = add_scaled(frame.rotation.rows[1], g.y, local);
  frame.rotation.rows[2] = add_scaled(frame.rotation.rows[2], g.z, local);
  frame.translation = frame.translation + g;
}

// What one head gives to a residue as a whole, as query and as key. Heads are added up in their order.
struct ResidueGradient {
  FrameGradient frame;
  float point_weight = 0.0f;  // of the head's weight, from this residue
  float key_bias = 0.0f;
};

// The same for an output y = R^T (X - t). `g` by X as it was rounded for the tensor core: of a row that attends to
// itself almost all cancels with what comes back through its own value points, rounding included.
FLASHRNA_HOST_DEVICE void add_local_point(FrameGradient& frame, const Rotation& rotation, Vec3 y, Vec3 g) {
  const Vec3 x = apply(rotation, y), local = apply_transposed(rotation, g);  // X - t, and the gradient by y
  frame.rotation.rows[0] = add_scaled(frame.rotation.rows[0], x.x, local);
  frame.rotation.rows[1] = add_scaled(frame.rotation.rows[1], x.y, local);
  frame.rotation.rows[2] = add_scaled(frame.rotation.rows[2], x.z, local);
  frame.translation = frame.translation - g;
}

// A row's part of the derivative by the head's weight: the logits of points are homogeneous of degree 2, so no pass
// over pairs is needed. `x` a query's or key's point relative to the sequence's centroid, or to any point common to
// all. Of a weight of 0 nothing is left to see it by: 0.
FLASHRNA_HOST_DEVICE float weight_gradient(Vec3 x, Vec3 g, float weight) {
  return weight == 0.0f ? 0.0f : 0.5f / weight * dot(x, g);
}

}  // namespace flashrna::fused_ipa
