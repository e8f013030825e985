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
#include "libfold/nn/letter_head.h"
#include "libfold/nn/local_edges.h"
#include "libfold/nn/model_config.h"
#include "libfold/nn/node_embedder.h"
#include "libfold/nn/recompute.h"
#include "libfold/nn/sequence_transformer.h"
#include "libfold/nn/torsion_head.h"
#include "libfold/nn/transition.h"
#include "libfold/published_conventions.h"

namespace flashrna {

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
  Conditioning told;  // members that the model does not take in are not looked at
};

struct FlowModelOutput {
  at::Tensor translations;  // [B, L, 3] Å
  at::Tensor rotations;     // [B, L, 3, 3]
  at::Tensor torsions;      // [B, L, 8, 2] (sin, cos)
  at::Tensor letters;       // [B, L, 4] logits of A, C, G, U; undefined without a letter head
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
    EdgeMessages edge_messages{nullptr};  // or none
    SequenceTransformer seq_tfmr{nullptr};
    torch::nn::Linear post_tfmr{nullptr};
    Transition node_transition{nullptr};
    BackboneUpdate bb_update{nullptr};
    EdgeVotes edge_votes{nullptr};            // or none
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
  // What the blocks of a forward pass share.
  struct Surroundings {
    at::Tensor mask;                                       // [B, L] of the frames' dtype: real residues
    at::Tensor moving;                                     // the same without those that are given
    EdgeList edges;                                        // empty without sparse edges
    RotaryAngles attention_positions, sequence_positions;  // undefined with absolute positions
  };
  Conditioning taken_in(const Conditioning& told) const;  // the members that this model knows
  Surroundings surroundings_of(const FlowModelInput& input, const at::Tensor& residue_index,
                               const at::Tensor& mask) const;
  TrunkState run_block(Block& block, const TrunkState& state, const FlowModelInput& network_input,
                       const Surroundings& surroundings);
  PairRepresentation update_pair(Block& block, const at::Tensor& single, const PairRepresentation& pair,
                                 const at::Tensor& row_mask) const;
  std::vector<at::Tensor> run_part(const TensorFunction& part, const std::vector<at::Tensor>& inputs) const;

  ModelConfig config_;
  PublishedConventions published_;
  PairMode pair_mode_;
  bool recompute_ = false;
  NodeEmbedder node_embedder{nullptr};
  ConditionEmbedder condition_embedder{nullptr};  // or none
  EdgeEmbedder edge_embedder{nullptr};            // one or none of the three, all under this name
  EdgeEmbedder2d edge_embedder_2d{nullptr};
  FactorizedEdgeEmbedder2d factorized_edge_embedder_2d{nullptr};
  std::vector<Block> blocks_;
  TorsionHead angle_pred_net{nullptr};
  LetterHead letter_head{nullptr};  // or none
};
TORCH_MODULE(FlowModel);

}  // namespace flashrna
