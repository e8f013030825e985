// Votes of edges j -> i, seen from i: where j proposes i to be, as translation and rotation, and their weighted means.
// Arrays are columns of edges, as in edge_geometry.h.
#pragma once

#include "kernels/local_edges/edge_tile.h"
#include "kernels/local_edges/small_matrices.h"

namespace flashrna {

template <typename T>
struct VoteColumns {
  std::int64_t stride;
  T* outputs;         // [6]: displacement, (b, c, d)
  T *moved, *turned;  // [3], [9]: local + turn displacement, turn Q(1, b, c, d)
  T *by_moved, *by_turned;
  T *weights, *by_weights;  // [2]: for translations and for rotations

  explicit VoteColumns(const EdgeTile<T>& tile) : stride(tile.geometry.stride) {
    T* next = tile.columns;
    const auto take = [&](int count) { return next += count * stride, next - count * stride; };
    outputs = take(6), moved = take(3), turned = take(9), by_moved = take(3), by_turned = take(9);
    weights = take(2), by_weights = take(2);
  }
};
static_assert(6 + 2 * (3 + 9) + 2 * 2 == kVoteColumns);

// Proposals from the outputs of the last layer.
template <typename T>
FLASHRNA_INLINE void compute_proposals(const VoteColumns<T>& votes, const EdgeTile<T>& tile) {
  using V = WideVector<T>;
  const EdgeGeometry<T>& g = tile.geometry;
  for (int k = 0; k < 6; ++k)
    for (std::int64_t row = 0; row < tile.rows(); ++row)
      votes.outputs[k * votes.stride + row] = tile.outputs[row * kOutputs + 2 + k];
  for (std::int64_t e = 0; e < tile.rows(); e += kWide<T>) {
    V out[6], turn[9], moved[3], turned[9], rotation[9], scale;
    load_values(out, votes.outputs, 6, votes.stride, e);
    load_values(turn, g.turn(), 9, g.stride, e);
    load_values(moved, g.local, 3, g.stride, e);
    for (int a = 0; a < 3; ++a) moved[a] += turn[3 * a] * out[0] + turn[3 * a + 1] * out[1] + turn[3 * a + 2] * out[2];
    rotation_of(out + 3, rotation, scale, T(1));
    for (int k = 0; k < 9; ++k) turned[k] = V{};
    add_product(turn, rotation, turned);
    store_values(votes.moved, moved, 3, votes.stride, e);
    store_values(votes.turned, turned, 9, votes.stride, e);
  }
}

// Weighted sums of the proposals of residue `r`, with the current frame at the weight `staying`.
template <typename T>
FLASHRNA_INLINE void sum_proposals(const VoteColumns<T>& votes, const EdgeTile<T>& tile, std::int64_t r, T staying,
                                   T* shift, T* rotation) {
  T sums[kFrameValues] = {};
  for (int k = 0; k < 3; ++k) sums[3 + 4 * k] = staying;
  for (std::int64_t row = tile.first[r]; row < tile.first[r + 1]; ++row) {
    const T *w = tile.weights + row * kOutputs, *moved = votes.moved + row, *turned = votes.turned + row;
    for (int k = 0; k < 3; ++k) sums[k] += w[0] * moved[k * votes.stride];
    for (int k = 0; k < 9; ++k) sums[3 + k] += w[1] * turned[k * votes.stride];
  }
  std::copy_n(sums, 3, shift);
  std::copy_n(sums + 3, 9, rotation);
}

// Gradients of the weights and of the proposals from those of the sums of residue `r`.
template <typename T>
FLASHRNA_INLINE void differentiate_sums(const VoteColumns<T>& votes, const EdgeTile<T>& tile, std::int64_t r,
                                        const T* by_shift, const T* by_rotation) {
  const std::int64_t begin = tile.first[r], end = tile.first[r + 1];
  for (int l = 0; l < 2; ++l) {
    T *w = votes.weights + l * votes.stride, *by_w = votes.by_weights + l * votes.stride;
    const T *proposed = l == 0 ? votes.moved : votes.turned, *by_sum = l == 0 ? by_shift : by_rotation;
    T* by_proposed = l == 0 ? votes.by_moved : votes.by_turned;
    for (std::int64_t row = begin; row < end; ++row) w[row] = tile.weights[row * kOutputs + l], by_w[row] = T(0);
    for (int k = 0; k < (l == 0 ? 3 : 9); ++k) {
      const T *x = proposed + k * votes.stride, factor = by_sum[k];
      T* by_x = by_proposed + k * votes.stride;
      for (std::int64_t row = begin; row < end; ++row) {
        by_w[row] += factor * x[row];
        by_x[row] = factor * w[row];
      }
    }
    for (std::int64_t row = begin; row < end; ++row) tile.by_weights[row * kOutputs + l] = by_w[row];
  }
}

// From the gradients of the proposals to those of the outputs 2 to 7, by_local and by_turn.
template <typename T>
FLASHRNA_INLINE void differentiate_proposals(const VoteColumns<T>& votes, const EdgeTile<T>& tile) {
  using V = WideVector<T>;
  const EdgeGeometry<T>& g = tile.geometry;
  for (std::int64_t e = 0; e < tile.rows(); e += kWide<T>) {
    V out[6], turn[9], by_moved[3], by_turned[9], rotation[9], scale, by_out[6], by_turn[9], by_rotation[9];
    load_values(out, votes.outputs, 6, votes.stride, e);
    load_values(turn, g.turn(), 9, g.stride, e);
    load_values(by_moved, votes.by_moved, 3, votes.stride, e);
    load_values(by_turned, votes.by_turned, 9, votes.stride, e);
    rotation_of(out + 3, rotation, scale, T(1));
    for (int b = 0; b < 3; ++b) {
      by_out[b] = turn[b] * by_moved[0] + turn[3 + b] * by_moved[1] + turn[6 + b] * by_moved[2];
      for (int a = 0; a < 3; ++a) by_turn[3 * a + b] = by_moved[a] * out[b];
    }
    add_product_transposed(by_turned, rotation, by_turn);
    multiply_transposed(turn, by_turned, by_rotation);
    differentiate_rotation(out + 3, rotation, scale, by_rotation, T(2), by_out + 3);
    store_values(g.by_local, by_moved, 3, g.stride, e);
    store_values(g.by_turn(), by_turn, 9, g.stride, e);
    store_values(votes.outputs, by_out, 6, votes.stride, e);
  }
  for (int k = 0; k < 6; ++k)
    for (std::int64_t row = 0; row < tile.rows(); ++row)
      tile.by_outputs[row * kOutputs + 2 + k] = votes.outputs[k * votes.stride + row];
}

}  // namespace flashrna
