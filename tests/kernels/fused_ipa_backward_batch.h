// Inputs and memory for tests of the backward kernels: a ragged batch, its outputs by the emulator, gradients with
// respect to them, and the gradients of the inputs.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_kernel_runs.h"

namespace flashrna {

// Values of order 1 that do not repeat.
inline std::vector<float> waves(std::size_t n, double phase) {
  std::vector<float> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<float>(std::sin(1.37 * static_cast<double>(i) + phase));
  return all;
}

// A ragged batch, its outputs, and the gradients with respect to them.
struct BackwardBatch {
  BackwardBatch(fused_ipa::HeadSize size, int H, const std::vector<std::int64_t>& lengths, bool with_key_bias)
      : batch(size, H, lengths), forward(batch.in) {
    fused_ipa::Arguments& in = batch.in;
    if (with_key_bias) {
      key_bias.assign(in.N, 0.5f);
      for (std::size_t i = 0; i < key_bias.size(); i += 5) key_bias[i] = -INFINITY;
      // All keys of the last entry are masked, so its rows are masked.
      for (std::int64_t i = 0; i < lengths.back(); ++i) key_bias[batch.first_rows.back() + i] = -INFINITY;
      in.key_bias = key_bias.data();
    }
    if (size.R == 0) in.bias_q = in.bias_k = in.pair_q = in.pair_k = nullptr;
    EmulatorOptions options;
    options.tile = fused_ipa::kForwardTileSmallSm80;
    emulate_forward(in, options, forward.pointers());
    d_scalars = waves(forward.scalars.size(), 0.1);
    d_points = waves(forward.points.size(), 0.2);
    d_point_norms = waves(forward.point_norms.size(), 0.3);
    d_pairs = waves(forward.pairs.size(), 0.4);
    gradients = {forward.scalars.data(), forward.points.data(), forward.pair_sums.data(), forward.lse.data(),
                 d_scalars.data(),       d_points.data(),       d_point_norms.data(),     d_pairs.data()};
  }

  RaggedBatch batch;
  FusedIpaResult forward;
  std::vector<float> key_bias, d_scalars, d_points, d_point_norms, d_pairs;
  fused_ipa::OutputGradients gradients;
};

// Initial value of the outputs: elements that no kernel writes keep it.
inline constexpr float kUntouched = 7.0f;

struct BackwardResult {
  explicit BackwardResult(const fused_ipa::Arguments& in) {
    const auto [C, P_q, P_v, R, c] = in.size;
    const std::int64_t rows = in.N * in.H, pairs = in.pair_k != nullptr ? in.N * R * c : 0;
    for (std::vector<float>* x : {&q, &k, &v}) x->assign(rows * C, kUntouched);
    for (std::vector<float>* x : {&q_points, &k_points}) x->assign(rows * 3 * P_q, kUntouched);
    v_points.assign(rows * 3 * P_v, kUntouched);
    rotations.assign(9 * in.N, kUntouched);
    translations.assign(3 * in.N, kUntouched);
    point_weights.assign(in.H, kUntouched);
    for (std::vector<float>* x : {&bias_q, &bias_k}) x->assign(in.bias_q != nullptr ? rows * R : 0, kUntouched);
    for (std::vector<float>* x : {&pair_q, &pair_k}) x->assign(pairs, kUntouched);
    key_bias.assign(in.key_bias != nullptr ? in.N : 0, kUntouched);
  }

  fused_ipa::InputGradients pointers() {
    const auto data = [](std::vector<float>& x) { return x.empty() ? nullptr : x.data(); };
    return {data(q),
            data(k),
            data(v),
            data(q_points),
            data(k_points),
            data(v_points),
            data(rotations),
            data(translations),
            data(point_weights),
            data(bias_q),
            data(bias_k),
            data(pair_q),
            data(pair_k),
            data(key_bias)};
  }

  std::vector<float> q, k, v, q_points, k_points, v_points, rotations, translations, point_weights, bias_q, bias_k,
      pair_q, pair_k, key_bias;
};

}  // namespace flashrna
