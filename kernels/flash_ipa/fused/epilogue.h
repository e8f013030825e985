// Computes the outputs of one row from its sums over keys: global points transformed into the residue's frame, their
// norms, and the pair output.
#pragma once

#include <cmath>

#include "kernels/flash_ipa/fused/lift.h"

namespace flashrna::fused_ipa {

// Normalizes one column: multiplies the sum by `inverse`. The coordinates of value points are relative to the tiles of
// their keys, so the correction `owed` (SoftmaxRow::origin) is applied to them first. Coordinate `axis` of point p is
// in column main_value_columns() + 3 p + axis.
FLASHRNA_HOST_DEVICE float finish_column(const Layout& layout, int column, float sum, Vec3 owed, float inverse) {
  const int coordinate = column - main_value_columns(layout);
  if (coordinate < 0) return sum * inverse;
  const int axis = coordinate % 3;
  return (sum - (axis == 0 ? owed.x : axis == 1 ? owed.y : owed.z)) * inverse;
}

struct LocalPoint {
  Vec3 y;      // R^T (X - t)
  float norm;  // sqrt(|y|^2 + 1e-8)
};

// `from_origin` is X - o_I; `origin_from_frame` is o_I - t. A masked row has X = t.
FLASHRNA_HOST_DEVICE LocalPoint local_point(const Rotation& rotation, Vec3 from_origin, Vec3 origin_from_frame,
                                            bool masked) {
  const Vec3 y = masked ? Vec3{0.0f, 0.0f, 0.0f} : apply_transposed(rotation, from_origin + origin_from_frame);
  return {y, sqrtf(dot(y, y, 1e-8f))};
}

// One channel of the pair output: sum_r z1_r U_r over `rank` entries at distance `stride`, in the order of r.
FLASHRNA_HOST_DEVICE float pair_output(const float* z1, const float* u, int rank, int stride) {
  float sum = 0.0f;
  FLASHRNA_UNROLL
  for (int r = 0; r < rank; ++r) sum = fmaf(z1[r * stride], u[r * stride], sum);
  return sum;
}

}  // namespace flashrna::fused_ipa
