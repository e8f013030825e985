// The gradients of local_edges_gpu_rows.h. Backward recomputes forward. It writes the gradients of a residue's own
// terms, and for every edge what the gradients of the other end and of the weights are sums of; local_edges_gpu.cpp
// forms these sums.
#pragma once

#include "kernels/local_edges/local_edges_gpu_rows.h"

namespace flashrna {

// From the gradients of the features and of `local` to those of both frames (translation, rotation by rows).
template <typename T>
FLASHRNA_HOST_DEVICE void differentiate_frame_features(const T* near_t, const T* near_r, const T* far_t, const T* far_r,
                                                       const T* features, const T* local, const T* by_features,
                                                       T* by_local, T* by_near, T* by_far) {
  const T distance = local[3], inverse = 1 / distance, longer = 1 / (distance + 1);
  T by_distance = 0;
  for (int k = 0; k < kRadialFeatures; ++k)
    by_distance += by_features[k] * features[k] * (static_cast<T>(radial_center(k)) - distance);
  by_distance *= static_cast<T>(1 / (kRadialWidth * kRadialWidth));
  const T* by_directions = by_features + kRadialFeatures;
  for (int a = 0; a < 3; ++a) {
    by_local[a] += by_directions[a] * inverse + by_directions[3 + a] * longer;
    by_distance -= local[a] * (by_directions[a] * inverse * inverse + by_directions[3 + a] * longer * longer);
  }
  for (int a = 0; a < 3; ++a) by_local[a] += by_distance * inverse * local[a];
  for (int k = 0; k < kRowFrame; ++k) by_near[k] = by_far[k] = 0;
  for (int c = 0; c < 3; ++c) {
    const T offset = far_t[c] - near_t[c];
    for (int a = 0; a < 3; ++a) {
      by_far[c] += near_r[3 * c + a] * by_local[a];
      by_near[3 + 3 * c + a] = offset * by_local[a];
    }
    by_near[c] = -by_far[c];
  }
  add_product_transposed(far_r, by_features + kTurnFeatures, by_near + 3);
  add_product(near_r, by_features + kTurnFeatures, by_far + 3);
}

// outputs [0, heads) of by_outputs from by_weights; `stays`: with the gradient of the weight of the current frame.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void differentiate_edge_weights(const Lanes& lanes, const EdgeRow<T>& row, int heads, bool stays,
                                                     const EdgeScratch<T>& s, T* by_outputs) {
  lanes.share(heads, [&](std::int64_t h) {
    T sum = stays ? s.staying[h] * s.staying[2 + h] : T(0);
    for (std::int64_t e = 0; e < row.in.E; ++e) sum += s.weights[e * kEdgeHeads + h] * s.by_weights[e * kEdgeHeads + h];
    for (std::int64_t e = 0; e < row.in.E; ++e)
      by_outputs[e * row.in.O + h] = s.weights[e * kEdgeHeads + h] * (s.by_weights[e * kEdgeHeads + h] - sum);
  });
  lanes.sync();
}

// Stores the hidden channels and their features for the gradients of the weights.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void store_edges(const Lanes& lanes, const EdgeRow<T>& row, const EdgeScratch<T>& s,
                                      const EdgeRowGradients<T>& to) {
  const EdgeRows<T>& a = row.in;
  lanes.share(a.E * a.H, [&](std::int64_t place) {
    to.hidden_1[row.first * a.H + place] = s.hidden_1[place];
    to.hidden_2[row.first * a.H + place] = s.hidden_2[place];
  });
  lanes.share(a.E * kEdgeFrameFeatures, [&](std::int64_t place) {
    to.frame_features[row.first * kEdgeFrameFeatures + place] = s.features[place];
  });
  lanes.sync();
}

// From by_outputs in `to` and the gradient `direct(e, c)` of hidden_2 apart from them, to all gradients of the layers.
// s.by_features and s.by_frames hold what does not go through the first layer, the latter in its first 3 values.
template <typename T, class Lanes, class Direct>
FLASHRNA_HOST_DEVICE void differentiate_edge_perceptron(const Lanes& lanes, const EdgeRow<T>& row,
                                                        const EdgeScratch<T>& s, const EdgeRowGradients<T>& to,
                                                        const Direct& direct) {
  const EdgeRows<T>& a = row.in;
  const T* by_outputs = to.by_outputs + row.first * a.O;
  lanes.share(a.H, [&](std::int64_t c) {
    for (std::int64_t e = 0; e < s.edges; ++e) {
      T sum = 0;
      if (s.hidden_2[e * a.H + c] > T(0)) {
        sum = direct(e, c);
        for (std::int64_t o = 0; o < a.O; ++o) sum += by_outputs[e * a.O + o] * a.out_weight[o * a.H + c];
      }
      s.hidden_2[e * a.H + c] = sum;  // now its gradient
      if (e < a.E) to.by_hidden_2[(row.first + e) * a.H + c] = sum;
    }
  });
  lanes.sync();
  lanes.share(a.H, [&](std::int64_t c) {
    T center = 0;
    for (std::int64_t e = 0; e < s.edges; e += kEdgesAtOnce) {
      T sums[kEdgesAtOnce] = {};
      add_products(s.hidden_2 + e * a.H, a.H, a.H, a.weight_2 + c, a.H, sums);
      for (int n = 0; n < kEdgesAtOnce; ++n) {
        const T gradient = s.hidden_1[(e + n) * a.H + c] > T(0) ? sums[n] : T(0);
        s.hidden_1[(e + n) * a.H + c] = gradient;
        center += gradient;
        if (e + n < a.E) to.by_hidden_1[(row.first + e + n) * a.H + c] = gradient;
      }
    }
    to.center[row.item * a.H + c] = center;
  });
  lanes.sync();
  lanes.share(a.E * kEdgeFrameFeatures, [&](std::int64_t place) {
    const std::int64_t e = place / kEdgeFrameFeatures, k = place % kEdgeFrameFeatures;
    const T *gradient = s.hidden_1 + e * a.H, *weight = a.weight_1_t + (a.F + k) * a.H;
    T sum = 0;
    for (std::int64_t c = 0; c < a.H; ++c) sum += gradient[c] * weight[c];
    s.by_features[place] += sum;
  });
  lanes.sync();
  lanes.share(a.E, [&](std::int64_t e) {
    const std::int64_t i = row.item, j = row.neighbor(e);
    T* by_local = s.by_frames + e * (3 + kRowFrame);
    T by_far[kRowFrame];
    differentiate_frame_features(a.translations + 3 * i, a.rotations + 9 * i, a.translations + 3 * j,
                                 a.rotations + 9 * j, s.features + e * kEdgeFrameFeatures, s.local + 4 * e,
                                 s.by_features + e * kEdgeFrameFeatures, by_local, by_local + 3, by_far);
    for (int k = 0; k < kRowFrame; ++k) to.far[(row.first + e) * kRowFrame + k] = row.present(e) ? by_far[k] : T(0);
  });
  lanes.sync();
  lanes.share(kRowFrame, [&](std::int64_t k) {
    T sum = 0;
    for (std::int64_t e = 0; e < a.E; ++e) {
      if (row.present(e)) sum += s.by_frames[e * (3 + kRowFrame) + 3 + k];
    }
    to.near[row.item * kRowFrame + k] = sum;
  });
  lanes.sync();
}

template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void edge_messages_row_backward(const Lanes& lanes, const EdgeRows<T>& a,
                                                     const EdgeRowGradients<T>& to, std::int64_t item, T* scratch) {
  const EdgeRow<T> row(a, item);
  const EdgeScratch<T> s(a.E, a.H, scratch);
  run_edge_perceptron(lanes, row, s);
  weigh_edges(lanes, row, kEdgeHeads, /*stays=*/false, s);
  store_edges(lanes, row, s, to);
  const T *by_attended = to.by_first + item * kEdgeHeads * a.H, *by_sum = to.by_second + item * a.H;
  lanes.share(a.E * kEdgeHeads, [&](std::int64_t place) {
    const T *hidden = s.hidden_2 + place / kEdgeHeads * a.H, *by = by_attended + place % kEdgeHeads * a.H;
    T sum = 0;
    for (std::int64_t c = 0; c < a.H; ++c) sum += hidden[c] * by[c];
    s.by_weights[place] = sum;
  });
  lanes.share(a.E * kEdgeFrameFeatures, [&](std::int64_t place) { s.by_features[place] = 0; });
  lanes.share(a.E * (3 + kRowFrame), [&](std::int64_t place) { s.by_frames[place] = 0; });
  lanes.sync();
  differentiate_edge_weights(lanes, row, kEdgeHeads, /*stays=*/false, s, to.by_outputs + row.first * a.O);
  differentiate_edge_perceptron(lanes, row, s, to, [&](std::int64_t e, std::int64_t c) {
    T sum = by_sum[c];
    for (int h = 0; h < kEdgeHeads; ++h) sum += s.weights[e * kEdgeHeads + h] * by_attended[h * a.H + c];
    return sum;
  });
}

// Gradients of what edge e proposes: of its weights, its outputs 2 to 7, its relative rotation and distance vector.
template <typename T>
FLASHRNA_HOST_DEVICE void differentiate_proposal(const EdgeScratch<T>& s, std::int64_t e, const T* by_shift,
                                                 const T* by_rotation, bool present, T* by_outputs) {
  const T* proposal = s.proposals + e * kProposal;
  T by_weight[2] = {}, by_moved[3], by_turned[9];
  for (int k = 0; k < 3; ++k) {
    by_weight[0] += by_shift[k] * proposal[k];
    by_moved[k] = by_shift[k] * s.weights[e * kEdgeHeads];
  }
  for (int k = 0; k < 9; ++k) {
    by_weight[1] += by_rotation[k] * proposal[3 + k];
    by_turned[k] = by_rotation[k] * s.weights[e * kEdgeHeads + 1];
  }
  for (int h = 0; h < 2; ++h) s.by_weights[e * kEdgeHeads + h] = by_weight[h];

  const T *out = s.outputs + e * kVoteOutputs + 2, *turn = s.features + e * kEdgeFrameFeatures + kTurnFeatures;
  T rotation[9], scale, of_rotation[9], by_bcd[3];
  T* by_features = s.by_features + e * kEdgeFrameFeatures;
  T* by_local = s.by_frames + e * (3 + kRowFrame);
  for (int k = 0; k < kTurnFeatures; ++k) by_features[k] = 0;
  T* by_turn = by_features + kTurnFeatures;
  rotation_of(out + 3, rotation, scale, T(1));
  for (int b = 0; b < 3; ++b) {
    const T by_out = turn[b] * by_moved[0] + turn[3 + b] * by_moved[1] + turn[6 + b] * by_moved[2];
    by_outputs[2 + b] = present ? by_out : T(0);
    for (int k = 0; k < 3; ++k) by_turn[3 * k + b] = by_moved[k] * out[b];
    by_local[b] = by_moved[b];
  }
  add_product_transposed(by_turned, rotation, by_turn);
  multiply_transposed(turn, by_turned, of_rotation);
  differentiate_rotation(out + 3, rotation, scale, of_rotation, T(2), by_bcd);
  for (int k = 0; k < 3; ++k) by_outputs[5 + k] = present ? by_bcd[k] : T(0);
}

template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void edge_votes_row_backward(const Lanes& lanes, const EdgeRows<T>& a,
                                                  const EdgeRowGradients<T>& to, std::int64_t item, T* scratch) {
  const EdgeRow<T> row(a, item);
  const EdgeScratch<T> s(a.E, a.H, scratch);
  run_edge_perceptron(lanes, row, s);
  weigh_edges(lanes, row, 2, /*stays=*/true, s);
  store_edges(lanes, row, s, to);
  const T *by_shift = to.by_first + item * 3, *by_rotation = to.by_second + item * 9;
  T* by_outputs = to.by_outputs + row.first * a.O;
  lanes.share(a.E, [&](std::int64_t e) {
    propose(s, e);
    differentiate_proposal(s, e, by_shift, by_rotation, row.present(e), by_outputs + e * a.O);
  });
  lanes.share(2, [&](std::int64_t h) {  // the current frame proposes no shift and no rotation
    s.staying[2 + h] = h == 0 ? T(0) : by_rotation[0] + by_rotation[4] + by_rotation[8];
  });
  lanes.sync();
  differentiate_edge_weights(lanes, row, 2, /*stays=*/true, s, by_outputs);
  differentiate_edge_perceptron(lanes, row, s, to, [](std::int64_t, std::int64_t) { return T(0); });
}

}  // namespace flashrna
