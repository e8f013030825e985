// The network of RNA-FrameFlow (arXiv:2406.13839) on FlashIPA's factorized pair representation (arXiv:2505.11580):
// from a noisy backbone at time t to a prediction of the clean one. Module and parameter names are the published ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfold/nn/backbone_update.h"
#include "libfold/nn/edge_embedder.h"
#include "libfold/nn/edge_embedder_2d.h"
#include "libfold/nn/edge_transition.h"
#include "libfold/nn/invariant_point_attention.h"
#include "libfold/nn/node_embedder.h"
#include "libfold/nn/recompute.h"
#include "libfold/nn/sequence_transformer.h"
#include "libfold/nn/torsion_head.h"
#include "libfold/nn/transition.h"
#include "libfold/published_conventions.h"

namespace flashrna {

class Configuration;

struct ModelConfig {
  // Pair representation: flash_1d_bias; and for comparison flash_no_bias, orig_no_bias (the same, dense attention),
  // orig_2d_bias and flash_2d_factorize_bias, the last three O(L^2).
  std::string mode = "flash_1d_bias";
  int node_channels = 256;      // c_s, of the single representation
  int pair_channels = 128;      // c_z, of each pair factor; a multiple of 4
  int pair_rank = 2;            // R, 1 to 8
  int factorizer_length = 150;  // longest chain of flash_2d_factorize_bias
  int blocks = 6;
  int attention_channels = 128;  // C, per head
  int attention_heads = 8;       // H
  int query_points = 8;          // P_q
  int value_points = 12;         // P_v
  int transformer_heads = 4;     // divides node_channels
  int transformer_layers = 2;
  int position_channels = 128;  // of the node embedder's index embedding; even
  int time_channels = 128;
  int edge_feature_channels = 64;  // feat_dim of the edge embedder; even
  int distance_bins = 22;
  int neighbors = 20;                        // k nearest residues the edge embedder sees
  int torsion_channels = 128;                // hidden width of the torsion head
  std::string attention = "auto";            // auto, dense, lifted, fused (CUDA), simple
  std::string attention_precision = "fast";  // of the fused backend: fast, strict

  void add_options(Configuration& configuration);  // section [model]
  void validate() const;                           // throws UsageError naming the key
};

struct FlowModelInput {
  at::Tensor lengths;         // [B] i64
  at::Tensor residue_index;   // [B, L] i64
  at::Tensor t;               // [B], 0 = noise, 1 = data
  at::Tensor translations;    // [B, L, 3] Å
  at::Tensor rotations;       // [B, L, 3, 3]
  at::Tensor self_condition;  // [B, L, 3] Å, the previous prediction; undefined: none
  // [B, L, k] i64, -1 = none; undefined: computed from `self_condition`. Golden cases give the neighbours of a
  // self-conditioning structure whose distances all tie.
  at::Tensor self_condition_neighbors;
  // Whether any length is below L. Not said: the lengths are asked, which waits for a GPU in every block.
  std::optional<bool> padded;
};

struct FlowModelOutput {
  at::Tensor translations;  // [B, L, 3] Å
  at::Tensor rotations;     // [B, L, 3, 3]
  at::Tensor torsions;      // [B, L, 8, 2] (sin, cos)
};

class FlowModelImpl : public torch::nn::Module {
 public:
  FlowModelImpl(const ModelConfig& config, const PublishedConventions& published);
  FlowModelOutput forward(const FlowModelInput& input);
  // Whether backward computes activations anew, part by part, instead of keeping them; off at first.
  void recompute_activations(bool recompute) { recompute_ = recompute; }
  // Draws every parameter anew from the stream ("initialize", parameter name) of `seed`, with the published
  // distributions: independent of LibTorch's global generator and of the order of construction.
  void initialize(std::uint64_t seed);

  const ModelConfig& config() const { return config_; }
  // Every parameter under its published name; the tensors share the model's storage.
  std::vector<std::pair<std::string, at::Tensor>> parameters_by_name() const;

 private:
  struct Block {
    InvariantPointAttention ipa{nullptr};
    torch::nn::LayerNorm ipa_ln{nullptr};
    SequenceTransformer seq_tfmr{nullptr};
    torch::nn::Linear post_tfmr{nullptr};
    Transition node_transition{nullptr};
    BackboneUpdate bb_update{nullptr};
    EdgeTransition edge_transition{nullptr};  // one or none of the two; none in the last block
    EdgeTransition2d edge_transition_2d{nullptr};
  };

  void make_edge_embedder();
  Block make_block(torch::nn::Module& trunk, int index);
  // The single and pair representations and the frames (nm), one block on.
  struct TrunkState {
    at::Tensor single;
    PairRepresentation pair;
    Frames frames;
  };
  TrunkState run_block(Block& block, const TrunkState& state, const FlowModelInput& network_input);
  PairRepresentation update_pair(Block& block, const at::Tensor& single, const PairRepresentation& pair,
                                 const at::Tensor& row_mask) const;
  std::vector<at::Tensor> run_part(const TensorFunction& part, const std::vector<at::Tensor>& inputs) const;

  ModelConfig config_;
  PublishedConventions published_;
  PairMode pair_mode_;
  bool recompute_ = false;
  NodeEmbedder node_embedder{nullptr};
  EdgeEmbedder edge_embedder{nullptr};  // one or none of the three, all under this name
  EdgeEmbedder2d edge_embedder_2d{nullptr};
  FactorizedEdgeEmbedder2d factorized_edge_embedder_2d{nullptr};
  std::vector<Block> blocks_;
  TorsionHead angle_pred_net{nullptr};
};
TORCH_MODULE(FlowModel);

}  // namespace flashrna
