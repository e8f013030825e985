// Backward of the fused kernels, one thread at a time: the rows of G before the two kernels, dS of one element of P
// inside them, and the gradients of the inputs from their sums. G is the gradient with respect to the sums (o, U, X),
// rounded to halves once; delta is computed from the rounded G:
//   dS = P (dP - delta),  dP_ij = G_i . (v_j, z2_j, xv_j - o_I).
// Points are relative to the origins of their tiles. The corrections for the difference of origins, D = o_I - o_J, are
// summed over the same rounded dS that the tensor core multiplies, because sum_j dS_ij is zero only in exact
// arithmetic.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/flash_ipa/fused/softmax.h"

namespace flashrna::fused_ipa {

// Before the kernels: rows of G ---------------------------------------------------------------------------------------

// The gradient with respect to X, from the gradients with respect to y = R^T (X - t) and its norm.
FLASHRNA_HOST_DEVICE Vec3 point_gradient(const Rotation& rotation, Vec3 y, Vec3 by_point, float by_norm) {
  return apply(rotation, add_scaled(by_point, by_norm / sqrtf(dot(y, y, 1e-8f)), y));
}

// The gradient with respect to the sums of one row, not yet rounded, and the sums themselves. Points of the sums are
// relative to the origin of the query tile: X - o_I = R y + (t - o_I).
struct GradientRow {
  const float *by_scalars, *scalars;      // [C]
  const float *by_pairs, *z1, *u;         // [c], [R, c], [R, c]; null without pair values
  const float *by_points, *by_norms, *y;  // [P_v, 3], [P_v], [P_v, 3]
  Rotation rotation;
};

// Sum of squares over a lane's columns of G. Lane k of n takes columns k, k + n, ... and points in the same way.
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

// The same for the values of a key. Points are relative to the sequence's centroid; `shift` is t - centroid.
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

// The largest e with 2^e max|G| 2 max|V| <= 2^14 and 2^e max|G| <= 2^14, computed from the squares. The sums are
// weighted means of the values, so |dS| <= 2^14 by the Cauchy-Schwarz inequality, and no half overflows.
FLASHRNA_HOST_DEVICE int gradient_exponent(float largest_square_of_gradient, float largest_square_of_values) {
  const float bound = sqrtf(largest_square_of_gradient) * fmaxf(1.0f, 2.0f * sqrtf(largest_square_of_values));
  if (!(bound > 0.0f && bound < kInfinity)) return 0;
  int exponent;
  const float mantissa = frexpf(bound, &exponent);  // bound = mantissa 2^exponent, mantissa in [1/2, 1)
  const int e = 14 - (mantissa == 0.5f ? exponent - 1 : exponent);
  return e < -100 ? -100 : e > 100 ? 100 : e;
}

// Rounds lane k's columns of G 2^e and passes them to store(column, half). Returns the lane's contribution to the row's
// header, (sum_p G_p, delta).
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
      // An odd last chunk is stored twice: see gradient_step().
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

// Inside the kernels: one element of P --------------------------------------------------------------------------------

// The offset subtracted from dP of one row in one tile: delta plus the term of the origins. `gradient` is the row's
// header.
FLASHRNA_HOST_DEVICE float slope_offset(Vec3 difference, RowHeader gradient) {
  return dot(difference, Vec3{gradient.x, gradient.y, gradient.z}, gradient.w);
}

// dS for the query's sums, from P in f32, before rounding.
FLASHRNA_HOST_DEVICE float query_slope(float p, float dp, float offset) { return p * (dp - offset); }

// dS for the key's sums, from the rounded 2^15 P that is also multiplied by G, before rounding.
FLASHRNA_HOST_DEVICE float key_slope(float p, float dp, float offset) {
  return p * fmaf(dp, 1.0f / kProbabilityScale, -offset * (1.0f / kProbabilityScale));
}

// Sums that a thread computes outside the tensor core, over its columns.
struct SlopeSums {
  float sum = 0.0f;               // sum of dS
  Vec3 origin{0.0f, 0.0f, 0.0f};  // sum over tiles of (sum of dS) D
};

FLASHRNA_HOST_DEVICE void end_gradient_tile(SlopeSums& row, float tile_sum, Vec3 difference) {
  row.sum += tile_sum;
  row.origin = add_scaled(row.origin, tile_sum, difference);
}

// After the kernels: gradients of the inputs from the sums ------------------------------------------------------------

// Reverts the scaling of G by 2^exponent.
FLASHRNA_HOST_DEVICE float unscaled(float x, int exponent) { return ldexpf(x, -exponent); }
FLASHRNA_HOST_DEVICE Vec3 unscaled(Vec3 x, int exponent) {
  return {unscaled(x.x, exponent), unscaled(x.y, exponent), unscaled(x.z, exponent)};
}

// Factor from sum_j dS k to the gradient of q. For b1 the factor is 1.
FLASHRNA_HOST_DEVICE float query_factor(int C) { return 1.0f / sqrtf(3.0f * static_cast<float>(C)); }
// Factor from sum_i dS (q s lambda) to the gradient of k, and from sum_i dS (b1 lambda) to that of b2.
inline constexpr float kKeyFactor = 1.0f / kLog2e;

// Gradient with respect to a query's global point. `products` is sum_j dS k'_p, hi and lo together; `x` is the point
// relative to the tile's origin.
FLASHRNA_HOST_DEVICE Vec3 query_point_gradient(Vec3 products, const SlopeSums& sums, Vec3 x, float weight,
                                               int exponent) {
  return unscaled(weight * (products - sums.origin - sums.sum * x), exponent);
}

// Gradient with respect to a key's global point. `products` is sum_i dS (w lambda q'_p).
FLASHRNA_HOST_DEVICE Vec3 key_point_gradient(Vec3 products, const SlopeSums& sums, Vec3 x, float weight, int exponent) {
  return unscaled(add_scaled(weight * (sums.origin - sums.sum * x), kKeyFactor, products), exponent);
}

// Gradient with respect to a value's global point or any other column of the values, from the sum of (2^15 P) G.
FLASHRNA_HOST_DEVICE float value_gradient(float sum, int exponent) { return ldexpf(sum, -exponent - 15); }

// Gradient of a residue's frame from a point x = R l + t, where g is the gradient with respect to x; by entries of R.
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

// Gradients that one head contributes to a residue as query and as key. Heads are summed in their order.
struct ResidueGradient {
  FrameGradient frame;
  float point_weight = 0.0f;  // of the head's weight, contributed by this residue
  float key_bias = 0.0f;
};

// The same for an output y = R^T (X - t). `g` is the gradient with respect to X as rounded for the tensor core: if a
// row attends mostly to itself, it nearly cancels with the gradient through the row's own value points, rounding
// included.
FLASHRNA_HOST_DEVICE void add_local_point(FrameGradient& frame, const Rotation& rotation, Vec3 y, Vec3 g) {
  const Vec3 x = apply(rotation, y), local = apply_transposed(rotation, g);  // X - t and dL/dy
  frame.rotation.rows[0] = add_scaled(frame.rotation.rows[0], x.x, local);
  frame.rotation.rows[1] = add_scaled(frame.rotation.rows[1], x.y, local);
  frame.rotation.rows[2] = add_scaled(frame.rotation.rows[2], x.z, local);
  frame.translation = frame.translation - g;
}

// A row's contribution to the gradient of the head's weight. The logits of points are homogeneous of degree 2, so no
// pass over pairs is needed. `x` is a query's or key's point relative to the sequence's centroid, or to any other point
// common to all rows. For a weight of 0 the gradient cannot be recovered from `g`; the function returns 0.
FLASHRNA_HOST_DEVICE float weight_gradient(Vec3 x, Vec3 g, float weight) {
  return weight == 0.0f ? 0.0f : 0.5f / weight * dot(x, g);
}

}  // namespace flashrna::fused_ipa
