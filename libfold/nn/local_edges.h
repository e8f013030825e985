// Sparse edges from each residue to its neighbors along the chain, to its base-pair partner and to the nearest residues
// in space; linear in length. Each block uses them twice. EdgeMessages updates the single representation by attention
// over the edges. EdgeVotes updates the frames: each edge proposes a frame for its residue, the neighbor's frame times
// a learned relative frame, which a perceptron on nodes alone would have to compose. Both use relative frames only, so
// they are equivariant under rigid motions.
#pragma once

#include <utility>

#include "kernels/local_edges/local_edges.h"
#include "kernels/torch_headers.h"
#include "libfold/conditioning.h"
#include "libfold/nn/linear.h"
#include "libfold/rigid.h"

namespace flashrna {

inline constexpr int64_t kChainReach = 4;     // edges to i - 4 ... i + 4
inline constexpr int64_t kNearestEdges = 16;  // edges to the nearest residues in space
inline constexpr int64_t kEdgesPerResidue = 2 * kChainReach + 3 + kNearestEdges;

// Edges j -> i of every residue i, constant during a forward pass: E = kEdgesPerResidue, F = kEdgeListFeatures.
// `neighbors` is 0 where the edge is missing.
struct EdgeList : SparseEdges {
  at::Tensor degrees;  // [B, L, 1]: number of present edges
};

// Index offset -4 ... 4 or other (10), the list that the edge is from (5), sign and logarithm of the offset (2),
// whether the pairing of i is specified, i is paired, j is paired (3), j minus the partner of i and the partner of j
// minus i, each -2 ... 2 (10), i and j given (2), i and j in different molecules (1), the edge
// is present (1).
inline constexpr int64_t kEdgeListFeatures = 34;

// Edges by position in the chain (i - 4 ... i + 4), to the partner p in `conditioning` and p - 1, p + 1, and to the
// nearest residues in `translations` [B, L, 3]. residue_index [B, L] i64, lengths [B] i64. Members of `conditioning`
// may be undefined.
EdgeList make_edge_list(const at::Tensor& translations, const at::Tensor& residue_index, const at::Tensor& lengths,
                        const Conditioning& conditioning);

// The layers on the features of an edge and of the residues at its ends, used by messages and votes.
class EdgePerceptronImpl : public torch::nn::Module {
 public:
  EdgePerceptronImpl(int64_t node_channels, int64_t hidden_channels);
  // The operands of edge_messages() or edge_votes() with the last layer `out`: single [B, L, node_channels], frames
  // [B, L] in nm.
  LocalEdgesInput operands(const at::Tensor& single, const Frames& frames, const EdgeList& edges, const Linear& out);

 private:
  Linear linear_edge{nullptr}, linear_q{nullptr}, linear_k{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(EdgePerceptron);

class EdgeMessagesImpl : public torch::nn::Module {
 public:
  EdgeMessagesImpl(int64_t node_channels, int64_t hidden_channels);
  // Returns the single representation updated by attention over the edges and by a sum over them: [B, L,
  // node_channels].
  at::Tensor forward(const at::Tensor& single, const Frames& frames, const EdgeList& edges);

 private:
  int64_t hidden_channels_;
  EdgePerceptron perceptron{nullptr};
  Linear linear_attention{nullptr}, linear_v{nullptr}, linear_out{nullptr};
  torch::nn::LayerNorm norm{nullptr};
};
TORCH_MODULE(EdgeMessages);

class EdgeVotesImpl : public torch::nn::Module {
 public:
  EdgeVotesImpl(int64_t node_channels, int64_t hidden_channels);
  // Moves every residue to the weighted mean of the frames that its edges propose and its current frame. A residue
  // whose mask [B, L] (of the frames' dtype) is 0 keeps its frame.
  Frames forward(const at::Tensor& single, const Frames& frames, const EdgeList& edges, const at::Tensor& mask);

 private:
  EdgePerceptron perceptron{nullptr};
  Linear linear_out{nullptr};  // outputs two logits, a displacement (nm) and (b, c, d) of a quaternion (1, b, c, d)
};
TORCH_MODULE(EdgeVotes);

}  // namespace flashrna
