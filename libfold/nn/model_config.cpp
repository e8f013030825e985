#include "libfold/nn/model_config.h"

#include "base/error.h"
#include "libfold/configuration.h"
#include "libfold/nn/pair_representation.h"

namespace flashrna {
namespace {

void check_range(const char* key, int value, int lowest, int highest) {
  if (value < lowest || value > highest) {
    fail_usage("{} = {}: must be from {} to {}", key, value, lowest, highest);
  }
}

}  // namespace

void ModelConfig::add_options(Configuration& configuration) {
  configuration.bind("model.polymer", polymer, "rna or protein: whose frames and torsions the network predicts");
  configuration.bind("model.mode", mode,
                     "pair representation: flash_1d_bias; to compare flash_no_bias, orig_2d_bias, orig_no_bias, "
                     "flash_2d_factorize_bias");
  configuration.bind("model.node_channels", node_channels, "channels of the single representation (c_s)");
  configuration.bind("model.pair_channels", pair_channels, "channels of each pair factor (c_z), a multiple of 4");
  configuration.bind("model.pair_rank", pair_rank, "rank of the factorized pair representation, 1 to 8");
  configuration.bind("model.factorizer_length", factorizer_length,
                     "longest chain of flash_2d_factorize_bias, residues");
  configuration.bind("model.blocks", blocks, "trunk blocks");
  configuration.bind("model.attention_channels", attention_channels, "scalar channels per attention head");
  configuration.bind("model.attention_heads", attention_heads, "heads of invariant point attention");
  configuration.bind("model.query_points", query_points, "query and key points per head");
  configuration.bind("model.value_points", value_points, "value points per head");
  configuration.bind("model.transformer_heads", transformer_heads, "heads of the sequence transformer");
  configuration.bind("model.transformer_layers", transformer_layers, "layers of each block's sequence transformer");
  configuration.bind("model.skip_channels", skip_channels,
                     "channels of the initial single representation that widen each sequence transformer; 0 = none");
  configuration.bind("model.position_channels", position_channels, "channels of the residue index embedding, even");
  configuration.bind("model.time_channels", time_channels, "channels of the time embedding");
  configuration.bind("model.edge_feature_channels", edge_feature_channels,
                     "feature channels of the edge embedder, even");
  configuration.bind("model.distance_bins", distance_bins, "distance bins of the edge embedder, up to 20 Å");
  configuration.bind("model.neighbors", neighbors, "nearest residues that the edge embedder sees");
  configuration.bind("model.positions", positions,
                     "how the network sees the residue index: absolute, by embeddings; relative, by differences alone");
  configuration.bind("model.chain_neighbors", chain_neighbors,
                     "neighbors along the chain that come first among model.neighbors, even; 0 = none");
  configuration.bind("model.local_edges", local_edges,
                     "hidden channels of messages along sparse edges, a multiple of 4; 0 = none");
  configuration.bind("model.edge_votes", edge_votes,
                     "hidden channels of the votes by which neighbors place a residue; 0 = none");
  configuration.bind("model.condition_pairs", condition_pairs, "take base pairs as input; needs sparse edges");
  configuration.bind("model.condition_letters", condition_letters, "take nucleotides as input");
  configuration.bind("model.condition_motifs", condition_motifs, "take residues whose structure is given as input");
  configuration.bind("model.condition_motif_groups", condition_motif_groups,
                     "take motif parts that are placed freely relative to each other; needs condition_motifs");
  configuration.bind("model.letter_head", letter_head, "propose nucleotides; see losses.letter_weight");
  configuration.bind(
      "model.torsions", torsions,
      "torsions per residue: of RNA 8 of the backbone, or 9 with chi, which places bases (sample --all-atom); of "
      "proteins 1, psi");
  configuration.bind("model.torsion_channels", torsion_channels, "hidden channels of the torsion head");
  configuration.bind("model.torsion_conformers", torsion_conformers,
                     "sets of torsions predicted for each residue, with their probabilities; 1 = one set alone");
  configuration.bind("model.attention", attention,
                     "attention backend: auto, dense, lifted, fused (CUDA, capability 8.0 or newer) or simple");
  configuration.bind(
      "model.attention_precision", attention_precision,
      "of the fused attention backend: fast, or strict, which rounds less and takes up to twice as long");
}

namespace {

// What the sizes ask of each other, after each is in its range.
void check_combinations(const ModelConfig& c) {
  if (c.node_channels % 2 != 0) fail_usage("model.node_channels = {}: must be even", c.node_channels);
  if (c.transformer_channels() % c.transformer_heads != 0) {
    fail_usage("model.transformer_heads = {}: must divide model.node_channels{} = {}", c.transformer_heads,
               c.skip_channels > 0 ? " + model.skip_channels" : "", c.transformer_channels());
  }
  if (c.positions != "absolute" && c.positions != "relative")
    fail_usage("model.positions = {}: must be absolute or relative", c.positions);
  check_range("model.chain_neighbors", c.chain_neighbors, 0, 1024);
  check_range("model.local_edges", c.local_edges, 0, 1024);
  check_range("model.edge_votes", c.edge_votes, 0, 1024);
  if (c.chain_neighbors % 2 != 0) fail_usage("model.chain_neighbors = {}: must be even", c.chain_neighbors);
  if (c.chain_neighbors > c.neighbors)
    fail_usage("model.chain_neighbors = {}: is above model.neighbors = {}", c.chain_neighbors, c.neighbors);
  if (c.local_edges % 4 != 0) fail_usage("model.local_edges = {}: must be a multiple of 4", c.local_edges);
  if (c.edge_votes > 0 && c.local_edges == 0)
    fail_usage("model.edge_votes = {}: needs the edges of model.local_edges, which is 0", c.edge_votes);
  if (c.condition_pairs && c.local_edges == 0)
    fail_usage("model.condition_pairs = true: needs the edges of model.local_edges, which is 0");
  if (c.condition_motif_groups && !c.condition_motifs)
    fail_usage("model.condition_motif_groups = true: needs model.condition_motifs = true");
  if (c.condition_motif_groups && c.local_edges == 0)
    fail_usage("model.condition_motif_groups = true: needs the hidden channels of model.local_edges, which is 0");
  if (c.positions == "relative" && c.attention_channels % 2 != 0)
    fail_usage("model.attention_channels = {}: must be even with model.positions = relative", c.attention_channels);
  if (c.positions == "relative" && c.transformer_channels() / c.transformer_heads % 2 != 0)
    fail_usage("model.transformer_heads = {}: heads of {} channels; must be even with model.positions = relative",
               c.transformer_heads, c.transformer_channels() / c.transformer_heads);
  if (c.pair_channels % 4 != 0) fail_usage("model.pair_channels = {}: must be a multiple of 4", c.pair_channels);
  if (c.position_channels % 2 != 0) fail_usage("model.position_channels = {}: must be even", c.position_channels);
  if (c.edge_feature_channels % 2 != 0) {
    fail_usage("model.edge_feature_channels = {}: must be even", c.edge_feature_channels);
  }
}

}  // namespace

void ModelConfig::validate() const {
  const PairMode pair = parse_pair_mode(mode);
  if (attention != "auto" && attention != "dense" && attention != "lifted" && attention != "fused" &&
      attention != "simple") {
    fail_usage("model.attention = {}: must be auto, dense, lifted, fused or simple", attention);
  }
  if (attention_precision != "fast" && attention_precision != "strict")
    fail_usage("model.attention_precision = {}: must be fast or strict", attention_precision);
  if (attention != "auto" && attention != "dense" && (pair == PairMode::kFull || mode == "orig_no_bias"))
    fail_usage("model.attention = {}: model.mode = {} takes dense attention only; use auto or dense", attention, mode);
  check_range("model.node_channels", node_channels, 2, 4096);
  check_range("model.pair_channels", pair_channels, 4, 1024);
  check_range("model.pair_rank", pair_rank, 1, 8);
  check_range("model.factorizer_length", factorizer_length, 1, 16384);
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
  check_range("model.skip_channels", skip_channels, 0, 4096);
  const Polymer kind = polymer_kind();
  check_range("model.torsions", torsions, traits_of(kind).torsions, polymer_model(kind).most_torsions);
  if (!polymer_model(kind).bases && (condition_pairs || condition_letters || condition_motifs || letter_head))
    fail_usage(
        "model.polymer = {}: takes no condition and proposes no letters; leave out model.condition_pairs, "
        "model.condition_letters, model.condition_motifs and model.letter_head",
        polymer);
  check_range("model.torsion_channels", torsion_channels, 1, 4096);
  check_range("model.torsion_conformers", torsion_conformers, 1, 64);
  check_combinations(*this);
}

}  // namespace flashrna
