// The network of RNA-FrameFlow (arXiv:2406.13839) with FlashIPA's factorized pair representation (arXiv:2505.11580),
// and with skip_channels that of FoldFlow (arXiv:2310.02391). Predicts the clean backbone from a noisy backbone at time
// t. Modules and parameters have their published names.
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
#include "libfold/nn/group_edges.h"
#include "libfold/nn/invariant_point_attention.h"
#include "libfold/nn/letter_head.h"
#include "libfold/nn/linear.h"
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
  // [B, L, k] i64, -1 = none. If undefined, computed from `self_condition`. Golden cases set it, because all distances
  // tie in their self-conditioning structure.
  at::Tensor self_condition_neighbors;
  // Whether any length is below L. If unset, the model computes it from `lengths`, at the cost of one device
  // synchronization.
  std::optional<bool> padded;
  Conditioning conditioning;  // the model ignores members that it was not built for
};

struct FlowModelOutput {
  at::Tensor translations;  // [B, L, 3] Å
  at::Tensor rotations;     // [B, L, 3, 3]
  at::Tensor torsions;      // [B, L, T, 2] (sin, cos), T = 8 of RNA, 1 of proteins
  at::Tensor letters;       // [B, L, 4] logits of A, C, G, U; undefined without a letter head
  at::Tensor chi;           // [B, L, 2] (sin, cos); undefined unless model.torsions = 9
  Conformers conformers{};  // of which torsions and chi are the likeliest; undefined with model.torsion_conformers = 1
};

// Sets torsions, and chi if it is among them as the last: [B, L, T or T + 1, 2].
void set_torsions(FlowModelOutput& prediction, const at::Tensor& torsions, Polymer polymer);

// The prediction with frames and torsions of `given` where `fixed` [B, L] bool is true.
FlowModelOutput with_given(FlowModelOutput prediction, const FlowModelOutput& given, const at::Tensor& fixed);

class FlowModelImpl : public torch::nn::Module {
 public:
  FlowModelImpl(const ModelConfig& config, const PublishedConventions& published);
  FlowModelOutput forward(const FlowModelInput& input);
  // Whether backward recomputes activations, one part of a block at a time, instead of storing them; off by default.
  void recompute_activations(bool recompute) { recompute_ = recompute; }
  // Draws every parameter from the stream ("initialize", parameter name) of `seed`, with the published distributions.
  // The values do not depend on LibTorch's global generator or on the order of construction.
  void initialize(std::uint64_t seed);

  const ModelConfig& config() const { return config_; }
  // Every parameter with its published name. The tensors share the model's storage.
  std::vector<std::pair<std::string, at::Tensor>> parameters_by_name() const;

 private:
  struct Block {
    InvariantPointAttention ipa{nullptr};
    torch::nn::LayerNorm ipa_ln{nullptr};
    EdgeMessages edge_messages{nullptr};    // optional
    GroupMessages group_messages{nullptr};  // optional
    Linear skip_embed{nullptr};             // optional
    SequenceTransformer seq_tfmr{nullptr};
    Linear post_tfmr{nullptr};
    Transition node_transition{nullptr};
    BackboneUpdate bb_update{nullptr};
    EdgeVotes edge_votes{nullptr};            // optional
    GroupVotes group_votes{nullptr};          // optional
    EdgeTransition edge_transition{nullptr};  // at most one of the two; none in the last block
    EdgeTransition2d edge_transition_2d{nullptr};
  };

  void make_edge_embedder();
  Block make_block(torch::nn::Module& trunk, int index);
  // The initial single representation, and both representations and the frames (nm) after a block.
  struct TrunkState {
    at::Tensor initial, single;
    PairRepresentation pair;
    Frames frames;
  };
  // Tensors that all blocks of a forward pass share.
  struct Surroundings {
    PaddingMasks padding;
    bool padded;                                           // whether any residue is padding
    at::Tensor mask;                                       // [B, L] of the frames' dtype: real residues
    at::Tensor moving;                                     // the same without residues whose structure is given
    EdgeList edges;                                        // empty without sparse edges
    GroupEdges group_edges;                                // empty if no motif groups are given
    RotaryAngles attention_positions, sequence_positions;  // undefined with absolute positions
  };
  Conditioning taken_in(const Conditioning& conditioning) const;  // keeps the members that this model uses
  Surroundings surroundings_of(const FlowModelInput& input, const at::Tensor& residue_index,
                               const PaddingMasks& padding) const;
  TrunkState run_block(Block& block, const TrunkState& state, const at::Tensor& lengths,
                       const Surroundings& surroundings);
  PairRepresentation update_pair(Block& block, const at::Tensor& single, const PairRepresentation& pair,
                                 const at::Tensor& row_mask) const;
  std::vector<at::Tensor> run_part(const TensorFunction& part, const std::vector<at::Tensor>& inputs) const;

  ModelConfig config_;
  PublishedConventions published_;
  PairMode pair_mode_;
  bool recompute_ = false;
  NodeEmbedder node_embedder{nullptr};
  ConditionEmbedder condition_embedder{nullptr};  // optional
  EdgeEmbedder edge_embedder{nullptr};            // at most one of the three, all registered under this name
  EdgeEmbedder2d edge_embedder_2d{nullptr};
  FactorizedEdgeEmbedder2d factorized_edge_embedder_2d{nullptr};
  std::vector<Block> blocks_;
  TorsionHead angle_pred_net{nullptr};
  LetterHead letter_head{nullptr};  // optional
};
TORCH_MODULE(FlowModel);

}  // namespace flashrna
