#include "libfold/nn/invariant_point_attention.h"

#include <cmath>
#include <vector>

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

namespace {
const double kPairBiasScale = std::sqrt(1.0 / 3.0);  // w_b = w_L: the three terms of the logit have equal weight
}

InvariantPointAttentionImpl::InvariantPointAttentionImpl(const InvariantPointAttentionConfig& config)
    : config_(config) {
  const int64_t H = config.heads, C = config.channels, P_q = config.query_points, P_v = config.value_points;
  const int64_t pair_values = config.pair_channels / 4;
  head_weights = register_parameter("head_weights", torch::zeros({H}));
  linear_q = register_module("linear_q", Linear(config.node_channels, H * C));
  linear_kv = register_module("linear_kv", Linear(config.node_channels, 2 * H * C));
  linear_q_points = register_module("linear_q_points", Linear(config.node_channels, H * P_q * 3));
  linear_kv_points = register_module("linear_kv_points", Linear(config.node_channels, H * (P_q + P_v) * 3));
  if (config.pair_channels > 0) {
    linear_b = register_module("linear_b", Linear(config.pair_channels, H));
    down_z = register_module("down_z", Linear(config.pair_channels, pair_values));
  }
  linear_out = register_module("linear_out", Linear(H * (C + 4 * P_v + pair_values), config.node_channels));
}

FlashIpaInput InvariantPointAttentionImpl::project(const Tensor& single, const Frames& frames, const Tensor& lengths) {
  const int64_t B = single.size(0), L = single.size(1), H = config_.heads, P_q = config_.query_points;
  // The projections store all x, then all y, then all z, each head-major: [B, L, 3 H P] -> [B, L, H, P, 3].
  const auto points = [&](const Tensor& x) { return x.view({B, L, 3, H, -1}).permute({0, 1, 3, 4, 2}); };

  FlashIpaInput in;
  in.q = full_precision(linear_q(single)).view({B, L, H, config_.channels});
  const Tensor kv = full_precision(linear_kv(single)).view({B, L, H, 2 * config_.channels});  // per head: k, then v
  in.k = kv.narrow(3, 0, config_.channels);
  in.v = kv.narrow(3, config_.channels, config_.channels);
  const ScopedAutocast coordinates_in_full(single.device(), false);
  in.q_points = points(linear_q_points(single));
  const Tensor kv_points = points(linear_kv_points(single));
  in.k_points = kv_points.narrow(3, 0, P_q);
  in.v_points = kv_points.narrow(3, P_q, config_.value_points);
  in.rotations = frames.rotations;
  in.translations = frames.translations;
  // gamma w_L w_C with w_L = sqrt(1/3), w_C = sqrt(2 / (9 P_q)); softplus keeps gamma positive.
  in.point_weights = at::softplus(head_weights) * std::sqrt(1.0 / (3.0 * P_q * 9.0 / 2.0));
  in.lengths = lengths;
  return in;
}

Tensor InvariantPointAttentionImpl::forward(const Tensor& single, const PairRepresentation& pair, const Frames& frames,
                                            const Tensor& lengths, const RotaryAngles* positions,
                                            const PaddingMasks& masks) {
  const int64_t B = single.size(0), L = single.size(1);
  FlashIpaInput in = project(single, frames, lengths);
  in.masks = masks;
  if (positions) {
    in.q = rotate_by(*positions, in.q);
    in.k = rotate_by(*positions, in.k);
  }
  if (pair.factor_1.defined()) {
    in.bias_q = full_precision(linear_b(pair.factor_1)).transpose(2, 3);  // [B, L, R, H] -> [B, L, H, R]
    in.bias_k = full_precision(linear_b(pair.factor_2)).transpose(2, 3);
    if (!config_.unscaled_pair_bias) in.bias_q = in.bias_q * kPairBiasScale;
    in.pair_q = full_precision(down_z(pair.factor_1));
    in.pair_k = full_precision(down_z(pair.factor_2));
  } else if (pair.full.defined()) {
    in.pair_bias = full_precision(linear_b(pair.full)) * kPairBiasScale;
    in.pair_values = full_precision(down_z(pair.full));
  }

  FlashIpaOutput out;
  {
    const ScopedAutocast attention_in_full(single.device(), false);
    out = flash_ipa(in, config_.backend, config_.precision);
  }
  std::vector<Tensor> parts = {out.scalars.reshape({B, L, -1}), out.points.permute({0, 1, 4, 2, 3}).reshape({B, L, -1}),
                               out.point_norms.reshape({B, L, -1})};
  if (out.pairs.defined()) parts.push_back(out.pairs.reshape({B, L, -1}));
  return linear_out(at::cat(parts, 2));
}

}  // namespace flashrna
