// Features of the relative frames of edges j -> i, and their gradients. Edges are the columns of all arrays here: value
// k of edge e is array[k * stride + e], so that a vector holds the same value of successive edges.
#pragma once

#include "kernels/local_edges/local_edges_definition.h"
#include "kernels/local_edges/short_vectors.h"
#include "kernels/local_edges/small_matrices.h"

namespace flashrna {

inline constexpr int kFrameValues = 12;  // translation (3), rotation by rows (9)

// Frames and what follows from them, for up to `stride` edges; stride is a multiple of a wide vector.
template <typename T>
struct EdgeGeometry {
  std::int64_t stride;
  T *near, *far;              // [12]: frames of i and j
  T *local, *distance;        // [3], [1]: R_i^T (t_j - t_i) and its length
  T* features;                // [kEdgeFrameFeatures]: radial, direction, scaled direction, R_i^T R_j
  T *by_near, *by_far;        // [12]: gradients
  T *by_local, *by_features;  // [3], [kEdgeFrameFeatures]

  T* turn() const { return features + kTurnFeatures * stride; }
  T* by_turn() const { return by_features + kTurnFeatures * stride; }
};

// Value k of the edges of the vector that starts at edge e.
template <typename V, typename T>
FLASHRNA_INLINE void load_values(V* to, const T* from, int count, std::int64_t stride, std::int64_t e) {
  for (int k = 0; k < count; ++k) load(to[k], from + k * stride + e);
}
template <typename V, typename T>
FLASHRNA_INLINE void store_values(T* to, const V* from, int count, std::int64_t stride, std::int64_t e) {
  for (int k = 0; k < count; ++k) store(to + k * stride + e, from[k]);
}

// From near and far to local, distance and features of `count` edges.
template <typename T>
FLASHRNA_INLINE void compute_features(const EdgeGeometry<T>& g, std::int64_t count) {
  using V = WideVector<T>;
  for (std::int64_t e = 0; e < count; e += kWide<T>) {
    V near[kFrameValues], far[kFrameValues], local[3], turn[9];
    load_values(near, g.near, kFrameValues, g.stride, e);
    load_values(far, g.far, kFrameValues, g.stride, e);
    const V x = far[0] - near[0], y = far[1] - near[1], z = far[2] - near[2];
    for (int a = 0; a < 3; ++a) local[a] = near[3 + a] * x + near[6 + a] * y + near[9 + a] * z;
    multiply_transposed(near + 3, far + 3, turn);
    store_values(g.local, local, 3, g.stride, e);
    store_values(g.turn(), turn, 9, g.stride, e);
    store(g.distance + e, V(local[0] * local[0] + local[1] * local[1] + local[2] * local[2] + T(kDistanceFloor)));
  }
  for (std::int64_t e = 0; e < count; ++e) g.distance[e] = std::sqrt(g.distance[e]);
  constexpr T kSharpness = static_cast<T>(-1 / (2 * kRadialWidth * kRadialWidth));
  for (std::int64_t e = 0; e < count; e += kWide<T>) {
    V local[3], directions[6], distance;
    load_values(local, g.local, 3, g.stride, e);
    load(distance, g.distance + e);
    for (int k = 0; k < kRadialFeatures; ++k) {
      const V apart = distance - static_cast<T>(radial_center(k));
      V radial = apart * apart * kSharpness;
      exponential(radial, T());
      store(g.features + k * g.stride + e, radial);
    }
    const V by_distance = T(1) / distance, by_longer = T(1) / (distance + T(1));
    for (int a = 0; a < 3; ++a) directions[a] = local[a] * by_distance, directions[3 + a] = local[a] * by_longer;
    store_values(g.features + kRadialFeatures * g.stride, directions, 6, g.stride, e);
  }
}

// From by_features and by_local (of the value apart from the features) to by_near and by_far.
template <typename T>
FLASHRNA_INLINE void differentiate_features(const EdgeGeometry<T>& g, std::int64_t count) {
  using V = WideVector<T>;
  constexpr T kSharpness = static_cast<T>(1 / (kRadialWidth * kRadialWidth));
  for (std::int64_t e = 0; e < count; e += kWide<T>) {
    V local[3], distance, by_local[3], by_directions[6], by_distance = V{};
    load_values(local, g.local, 3, g.stride, e);
    load_values(by_local, g.by_local, 3, g.stride, e);
    load_values(by_directions, g.by_features + kRadialFeatures * g.stride, 6, g.stride, e);
    load(distance, g.distance + e);
    for (int k = 0; k < kRadialFeatures; ++k) {
      V radial, by_radial;
      load(radial, g.features + k * g.stride + e);
      load(by_radial, g.by_features + k * g.stride + e);
      by_distance += by_radial * radial * (static_cast<T>(radial_center(k)) - distance) * kSharpness;
    }
    const V inverse = T(1) / distance, longer = T(1) / (distance + T(1));
    for (int a = 0; a < 3; ++a) {
      by_local[a] += by_directions[a] * inverse + by_directions[3 + a] * longer;
      by_distance -= local[a] * (by_directions[a] * inverse * inverse + by_directions[3 + a] * longer * longer);
    }
    for (int a = 0; a < 3; ++a) by_local[a] += by_distance * inverse * local[a];

    V near[kFrameValues], far[kFrameValues], turn[9], by_near[kFrameValues], by_far[kFrameValues];
    load_values(near, g.near, kFrameValues, g.stride, e);
    load_values(far, g.far, kFrameValues, g.stride, e);
    load_values(turn, g.by_turn(), 9, g.stride, e);
    for (int c = 0; c < 3; ++c) {
      const V offset = far[c] - near[c];
      by_far[c] = V{};
      for (int a = 0; a < 3; ++a) {
        by_far[c] += near[3 + 3 * c + a] * by_local[a];
        by_near[3 + 3 * c + a] = offset * by_local[a];
        by_far[3 + 3 * c + a] = V{};
      }
      by_near[c] = -by_far[c];
    }
    add_product_transposed(far + 3, turn, by_near + 3);
    add_product(near + 3, turn, by_far + 3);
    store_values(g.by_near, by_near, kFrameValues, g.stride, e);
    store_values(g.by_far, by_far, kFrameValues, g.stride, e);
  }
}

}  // namespace flashrna
