// The geometry within groups of given residues, for motifs whose parts are placed freely relative to each other: sparse
// edges that carry the relative frame of the given structure (Genie 2, arXiv:2405.15489). Messages along them update
// the single representation, votes move the residues of a group toward their given relative frames. Nothing here
// depends on how a group is placed. Linear in length.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/rigid.h"

namespace flashrna {

inline constexpr int64_t kGroupReach = 4;    // edges to i - 4 ... i + 4 of the same group
inline constexpr int64_t kGroupNearest = 8;  // edges to the nearest others of the same group in the given structure
inline constexpr int64_t kGroupEdges = 2 * kGroupReach + kGroupNearest;
// Of a relative frame: translation, translation over 1 + distance, distance, rotation.
inline constexpr int64_t kRelativeFrameFeatures = 3 + 3 + 1 + 9;

// Edges j -> i within groups, constant during a forward pass.
struct GroupEdges {
  at::Tensor neighbors;  // [B, L, kGroupEdges] i64: j; 0 if the edge is missing
  at::Tensor present;    // [B, L, kGroupEdges] bool
  Frames given;          // [B, L, kGroupEdges]: frame of i in the frame of j, nm; the identity if the edge is missing
  at::Tensor features;   // [B, L, kGroupEdges, kRelativeFrameFeatures] of `given`, 0 if the edge is missing

  bool defined() const { return neighbors.defined(); }
};

// group [B, L] i64, -1 = in no group; given [B, L] frames in nm, of residues in groups; lengths [B] i64.
GroupEdges make_group_edges(const at::Tensor& group, const Frames& given, const at::Tensor& lengths);

// The first layers on the given and the current relative frame of an edge and on the residues at its ends.
class GroupPerceptronImpl : public torch::nn::Module {
 public:
  GroupPerceptronImpl(int64_t node_channels, int64_t hidden_channels);
  // single [B, L, node_channels], frames [B, L] in nm -> [B, L, kGroupEdges, hidden_channels].
  at::Tensor forward(const at::Tensor& single, const Frames& frames, const GroupEdges& edges);

 private:
  Linear linear_edge{nullptr}, linear_q{nullptr}, linear_k{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(GroupPerceptron);

class GroupMessagesImpl : public torch::nn::Module {
 public:
  GroupMessagesImpl(int64_t node_channels, int64_t hidden_channels);
  // Adds the mean message of its edges to the single representation of each residue; 0 before training and for residues
  // in no group.
  at::Tensor forward(const at::Tensor& single, const Frames& frames, const GroupEdges& edges);

 private:
  GroupPerceptron perceptron{nullptr};
  Linear linear_out{nullptr};
};
TORCH_MODULE(GroupMessages);

class GroupVotesImpl : public torch::nn::Module {
 public:
  GroupVotesImpl(int64_t node_channels, int64_t hidden_channels);
  // Moves every residue to the weighted mean of its current frame and of those that follow from its neighbors' frames
  // by the given relative frames. A residue whose mask [B, L] (of the frames' dtype) is 0, or in no group, keeps its
  // frame.
  Frames forward(const at::Tensor& single, const Frames& frames, const GroupEdges& edges, const at::Tensor& mask);

 private:
  GroupPerceptron perceptron{nullptr};
  Linear linear_out{nullptr};  // two logits: of translation and rotation
};
TORCH_MODULE(GroupVotes);

}  // namespace flashrna
