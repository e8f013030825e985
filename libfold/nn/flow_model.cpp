#include "libfold/nn/flow_model.h"

#include <fmt/format.h>

#include "kernels/padding.h"
#include "libfold/batch.h"
#include "libfold/mixed_precision.h"
#include "libfold/nn/initialization.h"
#include "libfold/nn/tensor_groups.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kNmPerAngstrom = 0.1;  // the trunk uses nm; units are converted in this file only

}  // namespace

// Groups of tensors that recomputed parts take and return (tensor_groups.h). Static and not in a namespace without a
// name, where the template would not find them.
static std::vector<Tensor> tensors_of(const PairRepresentation& pair) {
  if (pair.full.defined()) return {pair.full};
  if (pair.factor_1.defined()) return {pair.factor_1, pair.factor_2};
  return {};
}

static void set_tensors(const std::vector<Tensor>& tensors, PairRepresentation& pair) {
  if (tensors.size() == 1) pair.full = tensors[0];
  if (tensors.size() == 2) pair.factor_1 = tensors[0], pair.factor_2 = tensors[1];
}

static std::vector<Tensor> tensors_of(const Frames& frames) { return {frames.rotations, frames.translations}; }

static void set_tensors(const std::vector<Tensor>& tensors, Frames& frames) { frames = {tensors[0], tensors[1]}; }

namespace {

struct SingleAndFrames {
  Tensor single;  // [B, L, c_s]
  Frames frames;  // nm
};

std::vector<Tensor> tensors_of(const SingleAndFrames& both) {
  return {both.single, both.frames.rotations, both.frames.translations};
}

void set_tensors(const std::vector<Tensor>& tensors, SingleAndFrames& both) {
  both = {tensors[0], {tensors[1], tensors[2]}};
}

}  // namespace

FlowModelOutput with_given(FlowModelOutput prediction, const FlowModelOutput& given, const Tensor& fixed) {
  const Tensor rows = fixed.unsqueeze(2);
  prediction.translations = at::where(rows, given.translations, prediction.translations);
  prediction.rotations = at::where(rows.unsqueeze(3), given.rotations, prediction.rotations);
  prediction.torsions = at::where(rows.unsqueeze(3), given.torsions, prediction.torsions);
  if (prediction.chi.defined() && given.chi.defined()) prediction.chi = at::where(rows, given.chi, prediction.chi);
  return prediction;
}

void set_torsions(FlowModelOutput& prediction, const Tensor& torsions, Polymer polymer) {
  const int64_t T = traits_of(polymer).torsions;
  prediction.torsions = torsions.narrow(2, 0, T);
  if (torsions.size(2) > T) prediction.chi = torsions.select(2, T);
}

FlowModelImpl::FlowModelImpl(const ModelConfig& config, const PublishedConventions& published)
    : config_(config), published_(published), pair_mode_(parse_pair_mode(config.mode)) {
  config.validate();
  node_embedder = register_module("node_embedder",
                                  NodeEmbedder(config.node_channels, config.position_channels, config.time_channels,
                                               published.short_index_periods, config.positions == "relative"));
  if (config.condition_pairs || config.condition_letters || config.condition_motifs)
    condition_embedder = register_module("condition_embedder", ConditionEmbedder(config.node_channels));
  make_edge_embedder();
  const auto trunk = register_module("trunk", std::make_shared<torch::nn::Module>("trunk"));
  for (int b = 0; b < config.blocks; ++b) blocks_.push_back(make_block(*trunk, b));
  angle_pred_net = register_module("angle_pred_net", TorsionHead(config.node_channels, config.torsion_channels, 2,
                                                                 config.torsions, config.torsion_conformers));
  if (config.letter_head) letter_head = register_module("letter_head", LetterHead(config.node_channels));
}

void FlowModelImpl::make_edge_embedder() {
  const EdgeEmbedderConfig config{.node_channels = config_.node_channels,
                                  .pair_channels = config_.pair_channels,
                                  .pair_rank = config_.pair_rank,
                                  .feature_channels = config_.edge_feature_channels,
                                  .distance_bins = config_.distance_bins,
                                  .neighbors = config_.neighbors,
                                  .neighbors_include_padding = published_.neighbors_include_padding,
                                  .self_as_last_neighbor = published_.self_as_last_neighbor,
                                  .short_index_periods = published_.short_index_periods,
                                  .relative_positions = config_.positions == "relative",
                                  .chain_neighbors = config_.chain_neighbors};
  switch (pair_mode_) {
    case PairMode::kNone:
      return;
    case PairMode::kFactorized:
      edge_embedder = register_module("edge_embedder", EdgeEmbedder(config));
      return;
    case PairMode::kFull:
      edge_embedder_2d = register_module("edge_embedder", EdgeEmbedder2d(config));
      return;
    case PairMode::kFullFactorized:
      factorized_edge_embedder_2d =
          register_module("edge_embedder", FactorizedEdgeEmbedder2d(config, config_.factorizer_length));
      return;
  }
}

FlowModelImpl::Block FlowModelImpl::make_block(torch::nn::Module& trunk, int index) {
  const int64_t c_s = config_.node_channels, c_z = config_.pair_channels;
  const auto name = [index](const char* part) { return fmt::format("{}_{}", part, index); };
  const bool dense = config_.mode == "orig_no_bias";
  const InvariantPointAttentionConfig attention{
      .node_channels = c_s,
      .pair_channels = pair_mode_ == PairMode::kNone ? 0 : c_z,
      .channels = config_.attention_channels,
      .heads = config_.attention_heads,
      .query_points = config_.query_points,
      .value_points = config_.value_points,
      .pair_rank = config_.pair_rank,
      .unscaled_pair_bias = published_.unscaled_pair_bias,
      .backend = dense ? AttentionBackend::kDense : parse_attention_backend(config_.attention),
      .precision = parse_fused_precision(config_.attention_precision)};

  Block block;
  block.ipa = trunk.register_module(name("ipa"), InvariantPointAttention(attention));
  block.ipa_ln = trunk.register_module(name("ipa_ln"), torch::nn::LayerNorm(torch::nn::LayerNormOptions({c_s})));
  if (config_.local_edges > 0)
    block.edge_messages = trunk.register_module(name("edge_messages"), EdgeMessages(c_s, config_.local_edges));
  const int64_t c_t = config_.transformer_channels();
  if (config_.skip_channels > 0)
    block.skip_embed = trunk.register_module(name("skip_embed"), Linear(c_s, config_.skip_channels));
  block.seq_tfmr = trunk.register_module(
      name("seq_tfmr"), SequenceTransformer(c_t, config_.transformer_heads, config_.transformer_layers));
  block.post_tfmr = trunk.register_module(name("post_tfmr"), Linear(c_t, c_s));
  block.node_transition = trunk.register_module(name("node_transition"), Transition(c_s));
  block.bb_update = trunk.register_module(name("bb_update"), BackboneUpdate(c_s));
  if (config_.edge_votes > 0)
    block.edge_votes = trunk.register_module(name("edge_votes"), EdgeVotes(c_s, config_.edge_votes));
  if (config_.condition_motif_groups) {
    const int64_t hidden = config_.local_edges;
    block.group_messages = trunk.register_module(name("group_messages"), GroupMessages(c_s, hidden));
    block.group_votes = trunk.register_module(name("group_votes"), GroupVotes(c_s, hidden));
  }
  const bool last = index + 1 == config_.blocks;
  if (!last && pair_mode_ == PairMode::kFull) {
    block.edge_transition_2d = trunk.register_module(name("edge_transition"), EdgeTransition2d(c_s, c_z));
  } else if (!last && pair_mode_ != PairMode::kNone) {
    block.edge_transition = trunk.register_module(name("edge_transition"), EdgeTransition(c_s, c_z, config_.pair_rank));
  }
  return block;
}

// With recomputation, only the inputs of each part are stored. The parts are attention, the rest of the single
// representation, and the pair representation. Backward runs them one at a time and holds the activations of one part.
std::vector<Tensor> FlowModelImpl::run_part(const TensorFunction& part, const std::vector<Tensor>& inputs) const {
  return recompute_ ? recomputed(part, inputs) : part(inputs);
}

FlowModelImpl::TrunkState FlowModelImpl::run_block(Block& block, const TrunkState& state, const Tensor& lengths,
                                                   const Surroundings& surroundings) {
  const Tensor row_mask = surroundings.mask.unsqueeze(2);
  const auto angles = [](const RotaryAngles& positions) { return positions.cosines.defined() ? &positions : nullptr; };

  // Captures `around` by value, because backward may run the part after the forward pass has ended.
  const auto attend = [&block, around = surroundings, lengths, row_mask, angles](
                          const Tensor& before, const PairRepresentation& pair, const Frames& frames) {
    const Tensor update = block.ipa(before, pair, frames, lengths, angles(around.attention_positions), around.padding);
    Tensor single = block.ipa_ln(before + update * row_mask);
    if (block.edge_messages) single = block.edge_messages(single, frames, around.edges) * row_mask;
    if (block.group_messages && around.group_edges.defined())
      single = block.group_messages(single, frames, around.group_edges);
    return single;
  };
  const auto refine = [&block, around = surroundings, row_mask, angles](const Tensor& before, const Tensor& initial,
                                                                        const Frames& from) {
    const Tensor along_chain = block.skip_embed ? at::cat({before, block.skip_embed(initial)}, 2) : before;
    const Tensor attended = block.seq_tfmr->forward_masked(
        along_chain, around.padded ? around.padding.key_logits : Tensor(), angles(around.sequence_positions));
    Tensor single = before + block.post_tfmr(attended);
    single = block.node_transition(single) * row_mask;
    Frames frames = block.bb_update(single, from, around.moving);
    if (block.edge_votes) frames = block.edge_votes(single, frames, around.edges, around.moving);
    if (block.group_votes && around.group_edges.defined())
      frames = block.group_votes(single, frames, around.group_edges, around.moving);
    return SingleAndFrames{single, frames};
  };
  const auto run = [this](const auto& part, const auto& inputs) { return run_part(part, inputs); };
  const Tensor attended = run_on_groups(run, attend, state.single, state.pair, state.frames);
  const SingleAndFrames refined = run_on_groups(run, refine, attended, state.initial, state.frames);
  return {state.initial, refined.single, update_pair(block, refined.single, state.pair, row_mask), refined.frames};
}

PairRepresentation FlowModelImpl::update_pair(Block& block, const Tensor& single, const PairRepresentation& pair,
                                              const Tensor& row_mask) const {
  if (!block.edge_transition && !block.edge_transition_2d) return {};
  const auto update = [&block, row_mask](const Tensor& refined, const PairRepresentation& before) {
    PairRepresentation after;
    if (block.edge_transition) {
      after = block.edge_transition(refined, before);
      after.factor_1 = after.factor_1 * row_mask.unsqueeze(3);
      after.factor_2 = after.factor_2 * row_mask.unsqueeze(3);
    } else {
      after = block.edge_transition_2d(refined, before);
      after.full = after.full * row_mask.unsqueeze(1) * row_mask.unsqueeze(2);
    }
    return after;
  };
  const auto run = [this](const auto& part, const auto& inputs) { return run_part(part, inputs); };
  return run_on_groups(run, update, single, pair);
}

Conditioning FlowModelImpl::taken_in(const Conditioning& conditioning) const {
  const auto if_known = [](bool known, const Tensor& member) { return known ? member : Tensor(); };
  Conditioning used;
  used.partner = if_known(config_.condition_pairs, conditioning.partner);
  used.nucleotide = if_known(config_.condition_letters, conditioning.nucleotide);
  used.fixed = if_known(config_.condition_motifs, conditioning.fixed);
  used.chain = conditioning.chain;
  used.fixed_group = if_known(config_.condition_motif_groups, conditioning.fixed_group);
  return used;
}

FlowModelImpl::Surroundings FlowModelImpl::surroundings_of(const FlowModelInput& in, const Tensor& residue_index,
                                                           const PaddingMasks& padding) const {
  Surroundings around;
  around.padding = padding;
  around.padded = in.padded ? *in.padded : padding.padding.any().item<bool>();
  const Tensor mask = padding.real.squeeze(2);
  around.mask = around.moving = mask;
  const Conditioning conditioning = taken_in(in.conditioning);
  if (conditioning.fixed.defined()) around.moving = mask * conditioning.fixed.logical_not();
  if (config_.local_edges > 0) {
    // The model's previous prediction, if available, is the better estimate of which residues are close.
    const Tensor& seen = in.self_condition.defined() ? in.self_condition : in.translations;
    around.edges = make_edge_list(seen, residue_index, in.lengths, conditioning);
  }
  if (conditioning.fixed_group.defined()) {
    const Frames given{in.conditioning.given.rotations, in.conditioning.given.translations * kNmPerAngstrom};
    around.group_edges = make_group_edges(conditioning.fixed_group, given, in.lengths);
  }
  if (config_.positions == "relative") {
    around.attention_positions = rotary_angles(residue_index, config_.attention_channels, mask.scalar_type());
    around.sequence_positions =
        rotary_angles(residue_index, config_.transformer_channels() / config_.transformer_heads, mask.scalar_type());
  }
  return around;
}

FlowModelOutput FlowModelImpl::forward(const FlowModelInput& in) {
  const int64_t L = in.translations.size(1);
  const PaddingMasks padding = make_padding_masks(in.lengths, L, in.translations.scalar_type());
  const Tensor mask = padding.real.squeeze(2);  // [B, L]
  const Tensor residue_index = published_.index_by_position
                                   ? at::arange(L, in.lengths.options()).unsqueeze(0).expand({in.lengths.size(0), L})
                                   : in.residue_index;

  Tensor initial = full_precision(node_embedder(in.t, residue_index, mask)) * mask.unsqueeze(2);  // [B, L, c_s]
  if (condition_embedder) {
    initial = initial + full_precision(condition_embedder(taken_in(in.conditioning), mask));
  }
  EdgeEmbedderInput edges{.node = initial,
                          .translations = in.translations,
                          .self_condition = in.self_condition,
                          .self_condition_neighbors = in.self_condition_neighbors,
                          .residue_index = residue_index,
                          .lengths = in.lengths};
  TrunkState state{initial, initial, {}, {in.rotations, in.translations * kNmPerAngstrom}};
  const auto embed = [this, edges](const Tensor& node) {
    EdgeEmbedderInput input = edges;
    input.node = node;
    if (edge_embedder) return edge_embedder(input);
    if (edge_embedder_2d) return edge_embedder_2d(input);
    return factorized_edge_embedder_2d(input);
  };
  const auto run = [this](const auto& part, const auto& inputs) { return run_part(part, inputs); };
  if (pair_mode_ != PairMode::kNone) state.pair = run_on_groups(run, embed, initial);
  const Surroundings surroundings = surroundings_of(in, residue_index, padding);
  for (Block& block : blocks_) state = run_block(block, state, in.lengths, surroundings);
  FlowModelOutput output;
  output.translations = state.frames.translations / kNmPerAngstrom;
  output.rotations = state.frames.rotations;
  if (letter_head) output.letters = letter_head(state.single);
  const Conformers conformers = angle_pred_net(state.single, initial);
  const Polymer polymer = config_.polymer_kind();
  if (config_.torsion_conformers == 1) {
    set_torsions(output, conformers.torsions.select(2, 0), polymer);
    return output;
  }
  set_torsions(output, conformers.take(conformers.likeliest()), polymer);
  output.conformers = conformers;
  return output;
}

std::vector<std::pair<std::string, Tensor>> FlowModelImpl::parameters_by_name() const {
  std::vector<std::pair<std::string, Tensor>> parameters;
  for (const auto& item : named_parameters()) parameters.emplace_back(item.key(), item.value());
  return parameters;
}

void FlowModelImpl::initialize(std::uint64_t seed) { initialize_parameters(*this, seed); }

}  // namespace flashrna
