#include "libfold/nn/flow_model.h"

#include <fmt/format.h>

#include "libfold/batch.h"
#include "libfold/configuration.h"
#include "libfold/nn/initialization.h"
#include "rna/error.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kNmPerAngstrom = 0.1;  // the trunk works in nm; the change of unit happens here and nowhere else

void check_range(const char* key, int value, int lowest, int highest) {
  if (value < lowest || value > highest) {
    fail_usage("{} = {}: must be from {} to {}", key, value, lowest, highest);
  }
}

}  // namespace

void ModelConfig::add_options(Configuration& configuration) {
  configuration.bind("model.mode", mode, "pair representation: flash_1d_bias");
  configuration.bind("model.node_channels", node_channels, "channels of the single representation (c_s)");
  configuration.bind("model.pair_channels", pair_channels, "channels of each pair factor (c_z), a multiple of 4");
  configuration.bind("model.pair_rank", pair_rank, "rank of the factorised pair representation, 1 to 8");
  configuration.bind("model.blocks", blocks, "trunk blocks");
  configuration.bind("model.attention_channels", attention_channels, "scalar channels per attention head");
  configuration.bind("model.attention_heads", attention_heads, "heads of invariant point attention");
  configuration.bind("model.query_points", query_points, "query and key points per head");
  configuration.bind("model.value_points", value_points, "value points per head");
  configuration.bind("model.transformer_heads", transformer_heads, "heads of the sequence transformer");
  configuration.bind("model.transformer_layers", transformer_layers, "layers of each block's sequence transformer");
  configuration.bind("model.position_channels", position_channels, "channels of the residue index embedding, even");
  configuration.bind("model.time_channels", time_channels, "channels of the time embedding");
  configuration.bind("model.edge_feature_channels", edge_feature_channels,
                     "feature channels of the edge embedder, even");
  configuration.bind("model.distance_bins", distance_bins, "distance bins of the edge embedder, up to 20 Å");
  configuration.bind("model.neighbors", neighbors, "nearest residues that the edge embedder sees");
  configuration.bind("model.torsion_channels", torsion_channels, "hidden channels of the torsion head");
  configuration.bind("model.attention", attention, "attention backend: auto, dense or lifted");
}

void ModelConfig::validate() const {
  if (mode != "flash_1d_bias") fail_usage("model.mode = {}: must be flash_1d_bias", mode);
  if (attention != "auto" && attention != "dense" && attention != "lifted") {
    fail_usage("model.attention = {}: must be auto, dense or lifted", attention);
  }
  check_range("model.node_channels", node_channels, 2, 4096);
  check_range("model.pair_channels", pair_channels, 4, 1024);
  check_range("model.pair_rank", pair_rank, 1, 8);
  check_range("model.blocks", blocks, 1, 64);
  check_range("model.attention_channels", attention_channels, 1, 1024);
  check_range("model.attention_heads", attention_heads, 1, 64);
  check_range("model.query_points", query_points, 1, 64);
  check_range("model.value_points", value_points, 1, 64);
  check_range("model.transformer_heads", transformer_heads, 1, 64);
  check_range("model.transformer_layers", transformer_layers, 1, 16);
  check_range("model.position_channels", position_channels, 2, 1024);
  check_range("model.time_channels", time_channels, 4, 1024);
  check_range("model.edge_feature_channels", edge_feature_channels, 2, 1024);
  check_range("model.distance_bins", distance_bins, 2, 256);
  check_range("model.neighbors", neighbors, 1, 1024);
  check_range("model.torsion_channels", torsion_channels, 1, 4096);
  if (node_channels % 2 != 0) fail_usage("model.node_channels = {}: must be even", node_channels);
  if (node_channels % transformer_heads != 0) {
    fail_usage("model.transformer_heads = {}: must divide model.node_channels = {}", transformer_heads, node_channels);
  }
  if (pair_channels % 4 != 0) fail_usage("model.pair_channels = {}: must be a multiple of 4", pair_channels);
  if (position_channels % 2 != 0) fail_usage("model.position_channels = {}: must be even", position_channels);
  if (edge_feature_channels % 2 != 0) {
    fail_usage("model.edge_feature_channels = {}: must be even", edge_feature_channels);
  }
}

FlowModelImpl::FlowModelImpl(const ModelConfig& config, const PublishedConventions& published)
    : config_(config), published_(published) {
  config.validate();
  const int64_t c_s = config.node_channels, c_z = config.pair_channels, R = config.pair_rank;
  node_embedder = register_module("node_embedder", NodeEmbedder(c_s, config.position_channels, config.time_channels));
  edge_embedder = register_module(
      "edge_embedder", EdgeEmbedder(EdgeEmbedderConfig{.node_channels = c_s,
                                                       .pair_channels = c_z,
                                                       .pair_rank = R,
                                                       .feature_channels = config.edge_feature_channels,
                                                       .distance_bins = config.distance_bins,
                                                       .neighbors = config.neighbors,
                                                       .neighbors_include_padding = published.neighbors_include_padding,
                                                       .self_as_last_neighbor = published.self_as_last_neighbor}));
  const InvariantPointAttentionConfig attention{.node_channels = c_s,
                                                .pair_channels = c_z,
                                                .channels = config.attention_channels,
                                                .heads = config.attention_heads,
                                                .query_points = config.query_points,
                                                .value_points = config.value_points,
                                                .pair_rank = R,
                                                .unscaled_pair_bias = published.unscaled_pair_bias,
                                                .backend = parse_attention_backend(config.attention)};
  const auto trunk = register_module("trunk", std::make_shared<torch::nn::Module>("trunk"));
  for (int b = 0; b < config.blocks; ++b) {
    const auto name = [b](const char* part) { return fmt::format("{}_{}", part, b); };
    Block block;
    block.ipa = trunk->register_module(name("ipa"), InvariantPointAttention(attention));
    block.ipa_ln = trunk->register_module(name("ipa_ln"), torch::nn::LayerNorm(torch::nn::LayerNormOptions({c_s})));
    block.seq_tfmr = trunk->register_module(
        name("seq_tfmr"), SequenceTransformer(c_s, config.transformer_heads, config.transformer_layers));
    block.post_tfmr = trunk->register_module(name("post_tfmr"), torch::nn::Linear(c_s, c_s));
    block.node_transition = trunk->register_module(name("node_transition"), Transition(c_s));
    block.bb_update = trunk->register_module(name("bb_update"), BackboneUpdate(c_s));
    if (b + 1 < config.blocks) {
      block.edge_transition = trunk->register_module(name("edge_transition"), EdgeTransition(c_s, c_z, R));
    }
    blocks_.push_back(std::move(block));
  }
  angle_pred_net = register_module("angle_pred_net", TorsionHead(c_s, config.torsion_channels));
}

FlowModelOutput FlowModelImpl::forward(const FlowModelInput& in) {
  const int64_t L = in.translations.size(1);
  const Tensor mask = mask_from_lengths(in.lengths, L).to(in.translations.scalar_type());  // [B, L]
  const Tensor row_mask = mask.unsqueeze(2);
  const Tensor residue_index = published_.index_by_position
                                   ? at::arange(L, in.lengths.options()).unsqueeze(0).expand({in.lengths.size(0), L})
                                   : in.residue_index;

  const Tensor initial = node_embedder(in.t, residue_index, mask) * row_mask;  // [B, L, c_s]
  PairFactors pair = edge_embedder(EdgeEmbedderInput{.node = initial,
                                                     .translations = in.translations,
                                                     .self_condition = in.self_condition,
                                                     .self_condition_neighbors = in.self_condition_neighbors,
                                                     .residue_index = residue_index,
                                                     .lengths = in.lengths});
  Frames frames{in.rotations, in.translations * kNmPerAngstrom};
  Tensor single = initial;
  for (Block& block : blocks_) {
    single = block.ipa_ln(single + block.ipa(single, pair, frames, in.lengths) * row_mask);
    single = single + block.post_tfmr(block.seq_tfmr(single, in.lengths));
    single = block.node_transition(single) * row_mask;
    frames = block.bb_update(single, frames, mask);
    if (block.edge_transition) {
      pair = block.edge_transition(single, pair);
      pair.factor_1 = pair.factor_1 * row_mask.unsqueeze(3);
      pair.factor_2 = pair.factor_2 * row_mask.unsqueeze(3);
    }
  }
  return {frames.translations / kNmPerAngstrom, frames.rotations, angle_pred_net(single, initial)};
}

std::vector<std::pair<std::string, Tensor>> FlowModelImpl::parameters_by_name() const {
  std::vector<std::pair<std::string, Tensor>> parameters;
  for (const auto& item : named_parameters()) parameters.emplace_back(item.key(), item.value());
  return parameters;
}

void FlowModelImpl::initialize(std::uint64_t seed) { initialize_parameters(*this, seed); }

}  // namespace flashrna
