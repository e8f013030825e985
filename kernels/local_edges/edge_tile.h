// The two layers of the perceptron on the edges of a few residues, forward and backward. Their activations stay in the
// cache of a core. Missing edges are left out.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/local_edges/edge_geometry.h"
#include "kernels/local_edges/local_edges_rows.h"
#include "kernels/local_edges/short_vectors.h"

namespace flashrna {

// Edges of a tile; one residue may have more. Four residues with 27 edges: 28 kB for 64 channels.
inline constexpr std::int64_t kTileEdges = 128;
inline constexpr int kVoteColumns = 34;  // of edge_votes_steps.h

template <typename T>
struct EdgeTile {
  std::int64_t capacity, width;
  std::int64_t residues = 0, first_residue = 0;
  std::vector<std::int64_t> first;     // [residues + 1]: first row of each residue
  std::vector<std::int64_t> edge;      // [rows]: index in [B, L, E]
  std::vector<std::int64_t> neighbor;  // [rows]: j in [0, L)
  EdgeGeometry<T> geometry;
  T *hidden_1, *hidden_2;        // [rows, width]
  T *by_hidden_1, *by_hidden_2;  // [rows, width]
  T *outputs, *by_outputs;       // [rows, 8]
  T *weights, *by_weights;       // [rows, 8]
  T* by_frame_rows;              // [rows, 32]
  T* columns;                    // [kVoteColumns] with the geometry's stride
  T* transposed;                 // [width, 8]

  EdgeTile(std::int64_t edges_per_residue, std::int64_t hidden_width);
  std::int64_t rows() const { return first[residues]; }

 private:
  std::vector<T> storage_;
};

template <typename T>
EdgeTile<T>::EdgeTile(std::int64_t edges_per_residue, std::int64_t hidden_width) : width(hidden_width) {
  capacity = (std::max(kTileEdges, edges_per_residue) + 15) / 16 * 16;
  first.resize(capacity + 1);
  edge.resize(capacity);
  neighbor.resize(capacity);
  struct Part {
    T** pointer;
    std::int64_t size;
  };
  EdgeGeometry<T>& g = geometry;
  g.stride = capacity;
  const Part parts[] = {{&g.near, kFrameValues * capacity},
                        {&g.far, kFrameValues * capacity},
                        {&g.local, 3 * capacity},
                        {&g.distance, capacity},
                        {&g.features, kFrameColumns * capacity},
                        {&g.by_near, kFrameValues * capacity},
                        {&g.by_far, kFrameValues * capacity},
                        {&g.by_local, 3 * capacity},
                        {&g.by_features, kFrameColumns * capacity},
                        {&hidden_1, width * capacity},
                        {&hidden_2, width * capacity},
                        {&by_hidden_1, width * capacity},
                        {&by_hidden_2, width * capacity},
                        {&outputs, kOutputs * capacity},
                        {&by_outputs, kOutputs * capacity},
                        {&weights, kOutputs * capacity},
                        {&by_weights, kOutputs * capacity},
                        {&by_frame_rows, kFrameColumns * capacity},
                        {&columns, kVoteColumns * capacity},
                        {&transposed, kOutputs * width}};
  std::int64_t total = 0;
  for (const Part& part : parts) total += part.size;
  storage_.assign(total, T(0));
  T* next = storage_.data();
  for (const Part& part : parts) *part.pointer = next, next += part.size;
}

// Takes residues from `begin` on until the tile is full, with the frames of their edges. Returns the end.
template <typename T>
std::int64_t gather_edges(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, EdgeTile<T>& tile) {
  const EdgeGeometry<T>& g = tile.geometry;
  tile.first_residue = begin;
  tile.residues = 0;
  std::int64_t row = 0, i = begin;
  for (; i < end && (i == begin || row + in.E <= tile.capacity); ++i) {
    tile.first[tile.residues++] = row;
    const std::int64_t sample = i / in.L * in.L;
    for (std::int64_t e = i * in.E; e < (i + 1) * in.E; ++e) {
      if (!in.present[e]) continue;
      const std::int64_t j = in.neighbors[e];
      tile.edge[row] = e;
      tile.neighbor[row] = j;
      const T *near = in.frames + kFrameValues * i, *far = in.frames + kFrameValues * (sample + j);
      for (int k = 0; k < kFrameValues; ++k) {
        g.near[k * g.stride + row] = near[k];
        g.far[k * g.stride + row] = far[k];
      }
      ++row;
    }
  }
  tile.first[tile.residues] = row;
  return i;
}

// Terms of i and j, and of the features that are not 0, for kVectors vectors of channels from c on.
template <int kVectors, typename T>
FLASHRNA_INLINE void add_terms_of_channels(const LocalEdgesArrays<T>& in, const EdgeTile<T>& tile, std::int64_t row,
                                           const T* center, const T* neighbor, std::int64_t c) {
  using V = WideVector<T>;
  const T *features = in.features + tile.edge[row] * in.F, *weight = in.list_weight_t + c;
  V sums[kVectors], term;
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    load(sums[v], center + c + v * kWide<T>);
    load(term, neighbor + c + v * kWide<T>);
    sums[v] += term;
  }
  for (auto bits = static_cast<std::uint64_t>(in.nonzero[tile.edge[row]]); bits != 0; bits &= bits - 1) {
    const int k = __builtin_ctzll(bits);
    const T feature = features[k];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      load(term, weight + k * in.width + v * kWide<T>);
      sums[v] += feature * term;
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) store(tile.hidden_1 + row * in.width + c + v * kWide<T>, sums[v]);
}

// hidden_1 = terms of i, j and the list's features; the product with the features of frames is added later.
template <typename T>
FLASHRNA_INLINE void add_terms(const LocalEdgesArrays<T>& in, const EdgeTile<T>& tile) {
  for (std::int64_t r = 0; r < tile.residues; ++r) {
    const std::int64_t i = tile.first_residue + r, sample = i / in.L * in.L;
    for (std::int64_t row = tile.first[r]; row < tile.first[r + 1]; ++row) {
      const T *center = in.center + i * in.width, *neighbor = in.neighbor + (sample + tile.neighbor[row]) * in.width;
      std::int64_t c = 0;
      for (; c + 3 * kWide<T> <= in.width; c += 3 * kWide<T>)
        add_terms_of_channels<3>(in, tile, row, center, neighbor, c);
      for (; c < in.width; c += kWide<T>) add_terms_of_channels<1>(in, tile, row, center, neighbor, c);
    }
  }
}

// From the gathered edges to both layers and the outputs of the last one.
template <class Cpu, typename T>
FLASHRNA_INLINE void run_perceptron(const LocalEdgesArrays<T>& in, EdgeTile<T>& tile) {
  using V = WideVector<T>;
  const EdgeGeometry<T>& g = tile.geometry;
  const std::int64_t rows = tile.rows(), width = in.width;
  compute_features(g, rows);
  add_terms(in, tile);
  Cpu::template multiply<V, T>({.M = rows,
                                .N = width,
                                .K = kEdgeFrameFeatures,
                                .a = g.features,
                                .a_row = 1,
                                .a_column = g.stride,
                                .b = in.frame_weight_t,
                                .b_row = width,
                                .c = tile.hidden_1,
                                .c_row = width,
                                .start = tile.hidden_1,
                                .start_row = width,
                                .rectify = true});
  Cpu::template multiply<V, T>({.M = rows,
                                .N = width,
                                .K = width,
                                .a = tile.hidden_1,
                                .a_row = width,
                                .a_column = 1,
                                .b = in.weight_2_t,
                                .b_row = width,
                                .c = tile.hidden_2,
                                .c_row = width,
                                .start = in.bias_2,
                                .start_row = 0,
                                .rectify = true});
  Cpu::template multiply<Vector<T, kOutputs>, T>({.M = rows,
                                                  .N = kOutputs,
                                                  .K = width,
                                                  .a = tile.hidden_2,
                                                  .a_row = width,
                                                  .a_column = 1,
                                                  .b = in.out_weight_t,
                                                  .b_row = kOutputs,
                                                  .c = tile.outputs,
                                                  .c_row = kOutputs,
                                                  .start = in.out_bias,
                                                  .start_row = 0});
}

// by_x = 0 where the rectified x is 0.
template <typename T>
FLASHRNA_INLINE void rectify_gradient(const T* x, T* by_x, std::int64_t count) {
  using V = WideVector<T>;
  for (std::int64_t i = 0; i < count; i += kWide<T>) {
    V value, gradient;
    load(value, x + i);
    load(gradient, by_x + i);
    store(by_x + i, V(value > T(0) ? gradient : V{}));
  }
}

// to [width] += sum of rows [begin, end) of x [rows, width].
template <typename T>
FLASHRNA_INLINE void add_rows(const T* x, std::int64_t begin, std::int64_t end, std::int64_t width, T* to) {
  using V = WideVector<T>;
  for (std::int64_t c = 0; c < width; c += kWide<T>) {
    V sum, term;
    load(sum, to + c);
    for (std::int64_t row = begin; row < end; ++row) load(term, x + row * width + c), sum += term;
    store(to + c, sum);
  }
}

// sums [width] += factor x.
template <typename T>
FLASHRNA_INLINE void add_scaled(T factor, const T* x, std::int64_t width, T* sums) {
  using V = WideVector<T>;
  for (std::int64_t c = 0; c < width; c += kWide<T>) {
    V sum, term;
    load(sum, sums + c);
    load(term, x + c);
    store(sums + c, V(sum + factor * term));
  }
}

// Adds the gradients of the terms of i and j and of the weights of the list's features.
template <typename T>
FLASHRNA_INLINE void add_gradients_of_terms(const LocalEdgesArrays<T>& in, const EdgeTile<T>& tile,
                                            const LocalEdgesGradients<T>& to) {
  const std::int64_t width = in.width;
  for (std::int64_t r = 0; r < tile.residues; ++r)
    add_rows(tile.by_hidden_1, tile.first[r], tile.first[r + 1], width, to.center + (tile.first_residue + r) * width);
  for (std::int64_t row = 0; row < tile.rows(); ++row) {
    const T *features = in.features + tile.edge[row] * in.F, *gradient = tile.by_hidden_1 + row * width;
    add_scaled(T(1), gradient, width, to.neighbor + tile.neighbor[row] * width);
    for (auto bits = static_cast<std::uint64_t>(in.nonzero[tile.edge[row]]); bits != 0; bits &= bits - 1) {
      const int k = __builtin_ctzll(bits);
      add_scaled(features[k], gradient, width, to.list_weight_t + k * width);
    }
  }
}

// Adds the gradients of frames from those of features and of tile.geometry.by_local.
template <typename T>
FLASHRNA_INLINE void add_gradients_of_frames(const EdgeTile<T>& tile, const LocalEdgesGradients<T>& to) {
  const EdgeGeometry<T>& g = tile.geometry;
  differentiate_features(g, tile.rows());
  for (std::int64_t r = 0; r < tile.residues; ++r) {
    T* near = to.near + kFrameValues * (tile.first_residue + r);
    for (std::int64_t row = tile.first[r]; row < tile.first[r + 1]; ++row) {
      T* far = to.far + kFrameValues * tile.neighbor[row];
      for (int k = 0; k < kFrameValues; ++k) {
        near[k] += g.by_near[k * g.stride + row];
        far[k] += g.by_far[k * g.stride + row];
      }
    }
  }
}

// From by_hidden_2 to the gradients of both layers. Gradients of local and turn that do not go through the first layer
// are in by_local and, if `direct`, in by_turn.
template <class Cpu, typename T>
FLASHRNA_INLINE void differentiate_perceptron(const LocalEdgesArrays<T>& in, EdgeTile<T>& tile, bool direct,
                                              const LocalEdgesGradients<T>& to) {
  using V = WideVector<T>;
  const EdgeGeometry<T>& g = tile.geometry;
  const std::int64_t rows = tile.rows(), width = in.width;
  rectify_gradient(tile.hidden_2, tile.by_hidden_2, rows * width);
  add_rows(tile.by_hidden_2, 0, rows, width, to.bias_2);
  Cpu::template multiply<V, T>({.M = width,
                                .N = width,
                                .K = rows,
                                .a = tile.by_hidden_2,
                                .a_row = 1,
                                .a_column = width,
                                .b = tile.hidden_1,
                                .b_row = width,
                                .c = to.weight_2,
                                .c_row = width,
                                .start = to.weight_2,
                                .start_row = width});
  Cpu::template multiply<V, T>({.M = rows,
                                .N = width,
                                .K = width,
                                .a = tile.by_hidden_2,
                                .a_row = width,
                                .a_column = 1,
                                .b = in.weight_2,
                                .b_row = width,
                                .c = tile.by_hidden_1,
                                .c_row = width});
  rectify_gradient(tile.hidden_1, tile.by_hidden_1, rows * width);
  add_gradients_of_terms(in, tile, to);
  Cpu::template multiply<V, T>({.M = kEdgeFrameFeatures,
                                .N = width,
                                .K = rows,
                                .a = g.features,
                                .a_row = g.stride,
                                .a_column = 1,
                                .b = tile.by_hidden_1,
                                .b_row = width,
                                .c = to.frame_weight_t,
                                .c_row = width,
                                .start = to.frame_weight_t,
                                .start_row = width});
  Cpu::template multiply<V, T>({.M = rows,
                                .N = kFrameColumns,
                                .K = width,
                                .a = tile.by_hidden_1,
                                .a_row = width,
                                .a_column = 1,
                                .b = in.frame_weight,
                                .b_row = kFrameColumns,
                                .c = tile.by_frame_rows,
                                .c_row = kFrameColumns});
  for (int k = 0; k < kEdgeFrameFeatures; ++k) {
    T* column = g.by_features + k * g.stride;
    const T* from = tile.by_frame_rows + k;
    if (direct && k >= kTurnFeatures) {
      for (std::int64_t row = 0; row < rows; ++row) column[row] += from[row * kFrameColumns];
    } else {
      for (std::int64_t row = 0; row < rows; ++row) column[row] = from[row * kFrameColumns];
    }
  }
  add_gradients_of_frames(tile, to);
}

}  // namespace flashrna
