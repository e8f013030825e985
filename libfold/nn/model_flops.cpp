#include "libfold/nn/model_flops.h"

#include "kernels/flash_ipa/flash_ipa.h"

namespace flashrna {
namespace {

struct Sizes {
  double L, c_s, c_z, R, f, H;
};

double linear(double rows, double in, double out) { return 2.0 * rows * in * out; }

// Operations of the embedder of the pair representation, for `rows` vectors of 3 f + 2 bins channels, and of its
// inputs.
double edge_embedder_flops(const ModelConfig& config, PairMode mode, const Sizes& n) {
  if (mode == PairMode::kNone) return 0.0;
  const double bins = config.distance_bins, features = 3 * n.f + 2 * bins;
  const auto perceptron = [&](double rows) { return linear(rows, features, n.c_z) + 2 * linear(rows, n.c_z, n.c_z); };
  if (mode == PairMode::kFactorized) {
    return linear(n.L, n.c_s, 2 * n.R * n.f) + linear(n.L, n.f, 4 * n.R * n.f) +
           2 * linear(n.L, config.neighbors * (bins + n.f), 2 * n.R * bins) + perceptron(2 * n.R * n.L);
  }
  const double full = linear(n.L, n.c_s, n.f) + linear(n.L * n.L, n.f, n.f) + perceptron(n.L * n.L);
  if (mode == PairMode::kFull) return full;
  return full + 2 * (2 * n.R * n.L * n.L * n.c_z + linear(n.L * n.R, n.c_z, n.c_z));
}

double edge_transition_flops(PairMode mode, const Sizes& n) {
  const double width = n.c_z + n.c_s;
  const auto rows_of = [&](double rows) { return 2 * linear(rows, width, width) + linear(rows, width, n.c_z); };
  switch (mode) {
    case PairMode::kNone:
      return 0.0;
    case PairMode::kFull:
      return linear(n.L, n.c_s, n.c_s / 2) + rows_of(n.L * n.L);
    case PairMode::kFactorized:
    case PairMode::kFullFactorized:
      break;
  }
  return linear(n.L, n.c_s, n.c_s / 2) + linear(n.L, n.c_s / 2, 2 * n.R * n.c_s) + rows_of(2 * n.R * n.L);
}

double attention_flops(const ModelConfig& config, PairMode mode, const Sizes& n) {
  const double C = config.attention_channels, P_q = config.query_points, P_v = config.value_points;
  const double pair_values = mode == PairMode::kNone ? 0.0 : n.c_z / 4;
  const double projections =
      linear(n.L, n.c_s, n.H * (3 * C + 3 * (2 * P_q + P_v))) + linear(n.L, n.H * (C + 4 * P_v + pair_values), n.c_s);
  const auto attention = [&](double rank, double values) {
    return flash_ipa_forward_flops(static_cast<int64_t>(n.L), config.attention_heads, config.attention_channels,
                                   config.query_points, config.value_points, static_cast<int64_t>(rank),
                                   static_cast<int64_t>(values));
  };
  switch (mode) {
    case PairMode::kNone:
      return projections + attention(0, 0);
    case PairMode::kFull:  // one value vector per pair instead of one per rank
      return projections + attention(1, pair_values) + linear(n.L * n.L, n.c_z, n.H + pair_values);
    case PairMode::kFactorized:
    case PairMode::kFullFactorized:
      break;
  }
  return projections + attention(n.R, pair_values) + linear(2 * n.R * n.L, n.c_z, n.H + pair_values);
}

}  // namespace

double flow_model_forward_flops(const ModelConfig& config, std::int64_t length) {
  config.validate();
  const PairMode mode = parse_pair_mode(config.mode);
  const Sizes n{static_cast<double>(length),
                static_cast<double>(config.node_channels),
                static_cast<double>(config.pair_channels),
                static_cast<double>(config.pair_rank),
                static_cast<double>(config.edge_feature_channels),
                static_cast<double>(config.attention_heads)};
  const double c_t = config.transformer_channels();
  const double transformer_layer = 6 * linear(n.L, c_t, c_t) + 4.0 * n.L * n.L * c_t;
  const double block = attention_flops(config, mode, n) + config.transformer_layers * transformer_layer +
                       linear(n.L, n.c_s, config.skip_channels) + linear(n.L, c_t, n.c_s) +
                       3 * linear(n.L, n.c_s, n.c_s) + linear(n.L, n.c_s, 6);
  const double hidden = config.torsion_channels;
  const double torsions = 2 * linear(n.L, n.c_s, hidden) + 4 * linear(n.L, hidden, hidden) +
                          linear(n.L, hidden, (2.0 * config.torsions + 1) * config.torsion_conformers);
  return linear(n.L, config.position_channels + config.time_channels, n.c_s) + edge_embedder_flops(config, mode, n) +
         config.blocks * block + (config.blocks - 1) * edge_transition_flops(mode, n) + torsions;
}

}  // namespace flashrna
