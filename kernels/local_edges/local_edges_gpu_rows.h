// The messages and votes of one residue on a GPU, forward and backward (local_edges.h). One warp computes a residue,
// with its edges and their hidden channels in scratch memory. The GPU kernels and a loop on the host, which tests use,
// call the same functions.
//
// Backward recomputes forward. It writes the gradients of a residue's own terms, and for every edge what the gradients
// of the other end and of the weights are sums of; local_edges_gpu.cpp forms these sums.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/host_device.h"
#include "kernels/lanes.h"
#include "kernels/local_edges/local_edges_definition.h"
#include "kernels/local_edges/small_matrices.h"

namespace flashrna {

// T is float or double. O = kEdgeHeads or kVoteOutputs; D = F + kEdgeFrameFeatures.
template <typename T>
struct EdgeRows {
  std::int64_t B, L, E, F, H, O;
  const T *center, *neighbor;         // [B, L, H]
  const T *rotations, *translations;  // [B, L, 3, 3], [B, L, 3]
  const std::int64_t* neighbors;      // [B, L, E]
  const bool* present;                // [B, L, E]
  const T* features;                  // [B, L, E, F]
  const std::int64_t* nonzero;        // [B, L, E]
  const T* weight_1_t;                // [D, H]
  const T *weight_2, *weight_2_t;     // [H out, H in], [H in, H out]
  const T* bias_2;                    // [H]
  const T *out_weight, *out_bias;     // [O, H], [O]
};

// attended [B, L, kEdgeHeads, H] and sum [B, L, H], or shift [B, L, 3] and rotation [B, L, 3, 3]; all are written.
template <typename T>
struct EdgeRowOutputs {
  T *first, *second;
};

// All are written, with zeros for missing edges.
template <typename T>
struct EdgeRowGradients {
  const T *by_first, *by_second;  // gradients of the outputs
  T *center, *near;               // [B, L, H], [B, L, 12]: translation, rotation by rows
  T* far;                         // [B, L, E, 12]: of the frame of the other end
  T* frame_features;              // [B, L, E, kEdgeFrameFeatures]: the features themselves
  T *hidden_1, *hidden_2;         // [B, L, E, H]: the hidden channels themselves
  T *by_hidden_1, *by_hidden_2;   // [B, L, E, H]: gradients before the rectifiers
  T* by_outputs;                  // [B, L, E, O]
};

enum class EdgeRowKind { kMessages, kVotes };

// Run on the stream's device. Throw std::runtime_error if a row does not fit into shared memory or CUDA reports an
// error.
template <typename T>
void edge_rows_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowOutputs<T>& outputs,
                    const CudaStream& stream);
template <typename T>
void edge_rows_backward_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowGradients<T>& gradients,
                             const CudaStream& stream);

inline constexpr int kRowFrame = 12;    // translation, rotation by rows
inline constexpr int kEdgesAtOnce = 8;  // edges that use a weight after one read
inline constexpr int kProposal = 12;    // of a vote: position (3), rotation (9)

// The parts of a row's scratch memory; edges are padded to a multiple of kEdgesAtOnce.
template <typename T>
struct EdgeScratch {
  std::int64_t edges;                 // padded
  T *features, *local;                // [edges, kEdgeFrameFeatures], [edges, 4]: R_i^T (t_j - t_i), its length
  T *hidden_1, *hidden_2;             // [edges, H]; backward: then the gradients
  T *outputs, *weights, *by_weights;  // [edges, O]; weights and their gradients: [edges, kEdgeHeads]
  T* staying;                         // [2, 2]: weights of the current frame, sums over their gradients
  T* proposals;                       // [edges, kProposal]
  T *by_features, *by_frames;         // backward: [edges, kEdgeFrameFeatures], [edges, 3 + kRowFrame]

  FLASHRNA_HOST_DEVICE static std::int64_t padded(std::int64_t E) {
    return (E + kEdgesAtOnce - 1) / kEdgesAtOnce * kEdgesAtOnce;
  }
  FLASHRNA_HOST_DEVICE static std::int64_t size(std::int64_t E, std::int64_t H, bool backward) {
    return 4 + padded(E) * (kEdgeFrameFeatures + 4 + 2 * H + kVoteOutputs + 2 * kEdgeHeads + kProposal +
                            (backward ? kEdgeFrameFeatures + 3 + kRowFrame : 0));
  }
  FLASHRNA_HOST_DEVICE EdgeScratch(std::int64_t E, std::int64_t H, T* memory) : edges(padded(E)) {
    staying = memory;
    features = staying + 4;
    local = features + edges * kEdgeFrameFeatures;
    hidden_1 = local + edges * 4;
    hidden_2 = hidden_1 + edges * H;
    outputs = hidden_2 + edges * H;
    weights = outputs + edges * kVoteOutputs;
    by_weights = weights + edges * kEdgeHeads;
    proposals = by_weights + edges * kEdgeHeads;
    by_features = proposals + edges * kProposal;
    by_frames = by_features + edges * kEdgeFrameFeatures;
  }
};

// Where the edges of row `item` of [B, L] begin, and the residues at their ends.
template <typename T>
struct EdgeRow {
  const EdgeRows<T>& in;
  std::int64_t item, sample, first;  // sample: its first residue; first: the first edge in [B, L, E]

  FLASHRNA_HOST_DEVICE EdgeRow(const EdgeRows<T>& rows, std::int64_t item_)
      : in(rows), item(item_), sample(item_ / rows.L * rows.L), first(item_ * rows.E) {}
  FLASHRNA_HOST_DEVICE bool present(std::int64_t e) const { return e < in.E && in.present[first + e]; }
  FLASHRNA_HOST_DEVICE std::int64_t neighbor(std::int64_t e) const {
    return present(e) ? sample + in.neighbors[first + e] : item;
  }
};

FLASHRNA_HOST_DEVICE int lowest_bit(std::uint64_t bits) {
#ifdef __CUDA_ARCH__
  return __ffsll(static_cast<long long>(bits)) - 1;
#else
  return __builtin_ctzll(bits);
#endif
}

// The features of the relative frame of one edge, and its distance vector and length.
template <typename T>
FLASHRNA_HOST_DEVICE void frame_features(const T* near_t, const T* near_r, const T* far_t, const T* far_r, T* features,
                                         T* local) {
  const T x = far_t[0] - near_t[0], y = far_t[1] - near_t[1], z = far_t[2] - near_t[2];
  for (int a = 0; a < 3; ++a) local[a] = near_r[a] * x + near_r[3 + a] * y + near_r[6 + a] * z;
  const T distance =
      std::sqrt(local[0] * local[0] + local[1] * local[1] + local[2] * local[2] + static_cast<T>(kDistanceFloor));
  local[3] = distance;
  for (int k = 0; k < kRadialFeatures; ++k) {
    const T apart = (distance - static_cast<T>(radial_center(k))) / static_cast<T>(kRadialWidth);
    features[k] = std::exp(apart * apart * T(-0.5));
  }
  for (int a = 0; a < 3; ++a) {
    features[kRadialFeatures + a] = local[a] / distance;
    features[kRadialFeatures + 3 + a] = local[a] / (distance + 1);
  }
  multiply_transposed(near_r, far_r, features + kTurnFeatures);
}

// sums[e] += sum over k of x[e, k] weight[k, c] for kEdgesAtOnce edges: x has rows of `row` values, weight of H.
template <typename T>
FLASHRNA_HOST_DEVICE void add_products(const T* x, std::int64_t row, std::int64_t count, const T* weight,
                                       std::int64_t H, T* sums) {
  for (std::int64_t k = 0; k < count; ++k) {
    const T w = weight[k * H];
    for (int e = 0; e < kEdgesAtOnce; ++e) sums[e] += x[e * row + k] * w;
  }
}

// From the frames to the outputs of the last layer, of all edges of a row.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void run_edge_perceptron(const Lanes& lanes, const EdgeRow<T>& row, const EdgeScratch<T>& s) {
  const EdgeRows<T>& a = row.in;
  lanes.share(s.edges, [&](std::int64_t e) {
    const std::int64_t i = row.item, j = row.neighbor(e);
    frame_features(a.translations + 3 * i, a.rotations + 9 * i, a.translations + 3 * j, a.rotations + 9 * j,
                   s.features + e * kEdgeFrameFeatures, s.local + 4 * e);
  });
  lanes.sync();
  lanes.share(a.H, [&](std::int64_t c) {
    for (std::int64_t e = 0; e < s.edges; e += kEdgesAtOnce) {
      T sums[kEdgesAtOnce];
      for (int n = 0; n < kEdgesAtOnce; ++n) {
        sums[n] = a.center[row.item * a.H + c] + a.neighbor[row.neighbor(e + n) * a.H + c];
        if (!row.present(e + n)) continue;
        const T* features = a.features + (row.first + e + n) * a.F;
        for (auto bits = static_cast<std::uint64_t>(a.nonzero[row.first + e + n]); bits != 0; bits &= bits - 1) {
          const int k = lowest_bit(bits);
          sums[n] += features[k] * a.weight_1_t[k * a.H + c];
        }
      }
      add_products(s.features + e * kEdgeFrameFeatures, kEdgeFrameFeatures, kEdgeFrameFeatures,
                   a.weight_1_t + a.F * a.H + c, a.H, sums);
      for (int n = 0; n < kEdgesAtOnce; ++n) s.hidden_1[(e + n) * a.H + c] = sums[n] > T(0) ? sums[n] : T(0);
    }
  });
  lanes.sync();
  lanes.share(a.H, [&](std::int64_t c) {
    for (std::int64_t e = 0; e < s.edges; e += kEdgesAtOnce) {
      T sums[kEdgesAtOnce];
      for (int n = 0; n < kEdgesAtOnce; ++n) sums[n] = a.bias_2[c];
      add_products(s.hidden_1 + e * a.H, a.H, a.H, a.weight_2_t + c, a.H, sums);
      for (int n = 0; n < kEdgesAtOnce; ++n)
        s.hidden_2[(e + n) * a.H + c] = sums[n] > T(0) && row.present(e + n) ? sums[n] : T(0);
    }
  });
  lanes.sync();
  lanes.share(s.edges * a.O, [&](std::int64_t place) {
    const std::int64_t e = place / a.O, o = place % a.O;
    const T *hidden = s.hidden_2 + e * a.H, *weight = a.out_weight + o * a.H;
    T sum = a.out_bias[o];
    for (std::int64_t c = 0; c < a.H; ++c) sum += hidden[c] * weight[c];
    s.outputs[e * a.O + o] = sum;
  });
  lanes.sync();
}

// Softmax over the edges of outputs 0 ... heads - 1; of votes with the logit of the current frame.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void weigh_edges(const Lanes& lanes, const EdgeRow<T>& row, int heads, bool stays,
                                      const EdgeScratch<T>& s) {
  const std::int64_t O = row.in.O;
  lanes.share(heads, [&](std::int64_t h) {
    T largest = stays ? T(kStayingLogit) : T(-1e30);
    for (std::int64_t e = 0; e < s.edges; ++e) {
      if (row.present(e) && s.outputs[e * O + h] > largest) largest = s.outputs[e * O + h];
    }
    T total = stays ? std::exp(T(kStayingLogit) - largest) : T(0);
    for (std::int64_t e = 0; e < s.edges; ++e) {
      const T weight = row.present(e) ? std::exp(s.outputs[e * O + h] - largest) : T(0);
      s.weights[e * kEdgeHeads + h] = weight;
      total += weight;
    }
    const T scale = total > T(0) ? 1 / total : T(0);  // 0: no edge
    for (std::int64_t e = 0; e < s.edges; ++e) s.weights[e * kEdgeHeads + h] *= scale;
    if (stays) s.staying[h] = std::exp(T(kStayingLogit) - largest) * scale;
  });
  lanes.sync();
}

template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void edge_messages_row(const Lanes& lanes, const EdgeRows<T>& a, const EdgeRowOutputs<T>& out,
                                            std::int64_t item, T* scratch) {
  const EdgeRow<T> row(a, item);
  const EdgeScratch<T> s(a.E, a.H, scratch);
  run_edge_perceptron(lanes, row, s);
  weigh_edges(lanes, row, kEdgeHeads, /*stays=*/false, s);
  lanes.share(a.H, [&](std::int64_t c) {
    T attended[kEdgeHeads] = {}, sum = 0;
    for (std::int64_t e = 0; e < a.E; ++e) {
      const T hidden = s.hidden_2[e * a.H + c];
      sum += hidden;
      for (int h = 0; h < kEdgeHeads; ++h) attended[h] += s.weights[e * kEdgeHeads + h] * hidden;
    }
    for (int h = 0; h < kEdgeHeads; ++h) out.first[(item * kEdgeHeads + h) * a.H + c] = attended[h];
    out.second[item * a.H + c] = sum;
  });
  lanes.sync();
}

// Position and rotation that an edge proposes, in the frame of i.
template <typename T>
FLASHRNA_HOST_DEVICE void propose(const EdgeScratch<T>& s, std::int64_t e) {
  const T *out = s.outputs + e * kVoteOutputs + 2, *turn = s.features + e * kEdgeFrameFeatures + kTurnFeatures;
  T *proposal = s.proposals + e * kProposal, rotation[9], scale;
  for (int k = 0; k < 3; ++k)
    proposal[k] = s.local[4 * e + k] + turn[3 * k] * out[0] + turn[3 * k + 1] * out[1] + turn[3 * k + 2] * out[2];
  rotation_of(out + 3, rotation, scale, T(1));
  for (int k = 0; k < 9; ++k) proposal[3 + k] = 0;
  add_product(turn, rotation, proposal + 3);
}

template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void edge_votes_row(const Lanes& lanes, const EdgeRows<T>& a, const EdgeRowOutputs<T>& out,
                                         std::int64_t item, T* scratch) {
  const EdgeRow<T> row(a, item);
  const EdgeScratch<T> s(a.E, a.H, scratch);
  run_edge_perceptron(lanes, row, s);
  weigh_edges(lanes, row, 2, /*stays=*/true, s);
  lanes.share(a.E, [&](std::int64_t e) { propose(s, e); });
  lanes.sync();
  lanes.share(kProposal, [&](std::int64_t k) {
    const int h = k < 3 ? 0 : 1;
    T sum = k == 3 || k == 7 || k == 11 ? s.staying[1] : T(0);
    for (std::int64_t e = 0; e < a.E; ++e) sum += s.weights[e * kEdgeHeads + h] * s.proposals[e * kProposal + k];
    (k < 3 ? out.first[item * 3 + k] : out.second[item * 9 + k - 3]) = sum;
  });
  lanes.sync();
}

}  // namespace flashrna
