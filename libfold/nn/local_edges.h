// Sparse edges of each residue to its neighbors along the chain, to its base-pair partner and to the nearest residues
// in space, linear in length; used twice in a block. EdgeMessages looks along them. EdgeVotes acts: every edge proposes
// a frame for its residue, the neighbor's frame times a learned relative frame, which a perceptron on nodes alone would
// have to compose. Both see relative frames only: a rigid motion of the input moves the output with it.
#pragma once

#include <utility>

#include "kernels/torch_headers.h"
#include "libfold/conditioning.h"
#include "libfold/rigid.h"

namespace flashrna {

inline constexpr int64_t kChainReach = 4;     // edges to i - 4 ... i + 4
inline constexpr int64_t kNearestEdges = 16;  // edges to the nearest in space
inline constexpr int64_t kEdgesPerResidue = 2 * kChainReach + 3 + kNearestEdges;

// Edges j -> i of every residue i. Fixed for a forward pass.
struct EdgeList {
  at::Tensor neighbors;  // [B, L, E] i64: j; 0 where there is none
  at::Tensor present;    // [B, L, E] bool
  at::Tensor features;   // [B, L, E, kEdgeListFeatures]: what does not depend on the frames
};

// Index offset -4 ... 4 or other (10), which list the edge came from (5), sign and logarithm of the offset (2), whether
// pairs of i are said, i is paired, j is paired (3), j minus the partner of i and the partner of j minus i, each -2 ...
// 2 (10), i and j given (2), the edge is there (1).
inline constexpr int64_t kEdgeListFeatures = 33;
// Distance in 16 radial functions, direction, direction scaled, relative rotation.
inline constexpr int64_t kEdgeFrameFeatures = 16 + 3 + 3 + 9;

// Edges by position in the chain (i - 4 ... i + 4), to the partner p of `told` and p - 1, p + 1, and to the nearest of
// `translations` [B, L, 3]. residue_index [B, L] i64, lengths [B] i64. Members of `told` may be undefined.
EdgeList make_edge_list(const at::Tensor& translations, const at::Tensor& residue_index, const at::Tensor& lengths,
                        const Conditioning& told);

// The features of an edge and of the two residues at its ends, through the first layers: shared by messages and votes.
class EdgePerceptronImpl : public torch::nn::Module {
 public:
  EdgePerceptronImpl(int64_t node_channels, int64_t hidden_channels);
  // single [B, L, node_channels], frames [B, L] in nm -> [B, L, E, hidden_channels].
  at::Tensor forward(const at::Tensor& single, const Frames& frames, const EdgeList& edges);

 private:
  torch::nn::Linear linear_edge{nullptr}, linear_q{nullptr}, linear_k{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(EdgePerceptron);

class EdgeMessagesImpl : public torch::nn::Module {
 public:
  EdgeMessagesImpl(int64_t node_channels, int64_t hidden_channels);
  // The single representation after what it sees along its edges: heads of attention and a sum. [B, L, node_channels].
  at::Tensor forward(const at::Tensor& single, const Frames& frames, const EdgeList& edges);

 private:
  int64_t hidden_channels_;
  EdgePerceptron perceptron{nullptr};
  torch::nn::Linear linear_attention{nullptr}, linear_v{nullptr}, linear_out{nullptr};
  torch::nn::LayerNorm norm{nullptr};
};
TORCH_MODULE(EdgeMessages);

class EdgeVotesImpl : public torch::nn::Module {
 public:
  EdgeVotesImpl(int64_t node_channels, int64_t hidden_channels);
  // Every residue moves to the weighted mean of what its edges propose and of where it is; a residue whose mask [B, L]
  // (of the frames' dtype) is 0 keeps its frame.
  Frames forward(const at::Tensor& single, const Frames& frames, const EdgeList& edges, const at::Tensor& mask);

 private:
  EdgePerceptron perceptron{nullptr};
  torch::nn::Linear linear_out{
      nullptr};  // to two logits, a displacement (nm) and (b, c, d) of a quaternion (1, b, c, d)
};
TORCH_MODULE(EdgeVotes);

// Rows of x [B, L, F] at index [B, L, E] -> [B, L, E, F].
at::Tensor rows_at(const at::Tensor& x, const at::Tensor& index);

}  // namespace flashrna
