// A perceptron on sparse edges j -> i between the frames of residues, and what each residue takes from its edges: means
// of the hidden channels by attention (messages), or a mean of the frames that the edges propose (votes). Linear in the
// number of edges. On a CPU one loop computes all of it for a few residues at a time, forward and backward, and nothing
// of the size of all edges and channels is stored.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/local_edges/local_edges_definition.h"

namespace flashrna {

// E edges j -> i of every residue i. The features do not depend on frames and have no gradient.
struct SparseEdges {
  at::Tensor neighbors;  // [B, L, E] i64: j, in [0, L) where the edge is present
  at::Tensor present;    // [B, L, E] bool
  at::Tensor features;   // [B, L, E, F], F <= kMaxListFeatures
  at::Tensor nonzero;    // [B, L, E] i64: bit k is set where features[..., k] is not 0; see nonzero_bits()
};

// hidden_1 = relu(center_i + neighbor_j + weight_1 features), hidden_2 = relu(weight_2 hidden_1 + bias_2), outputs =
// out_weight hidden_2 + out_bias. The features are those of the list, then those of the relative frame
// (kEdgeFrameFeatures), which depend on the unit of the translations.
struct LocalEdgesInput {
  at::Tensor center, neighbor;         // [B, L, H]: terms of the residues at the ends
  at::Tensor rotations, translations;  // [B, L, 3, 3], [B, L, 3]
  at::Tensor weight_1;                 // [H, F + kEdgeFrameFeatures]
  at::Tensor weight_2, bias_2;         // [H, H], [H]
  at::Tensor out_weight, out_bias;     // [O, H], [O]
  SparseEdges edges;
};

struct EdgeMessageSums {
  at::Tensor attended;  // [B, L, kEdgeHeads, H]: sum of softmax(output h) hidden_2 over the edges, for every head h
  at::Tensor sum;       // [B, L, H]: sum of hidden_2 over the edges
};

struct EdgeVoteMeans {
  at::Tensor shift;     // [B, L, 3], in the frame of i
  at::Tensor rotation;  // [B, L, 3, 3], relative to the frame of i; a mean of rotations, which is no rotation
};

// O = kEdgeHeads. A residue without edges gets zeros.
EdgeMessageSums edge_messages(const LocalEdgesInput& input);

// O = kVoteOutputs: two logits, a displacement d and (b, c, d) of a quaternion. Edge j -> i proposes the frame of j
// times the motion (d, (1, b, c, d)). The weights of translations and of rotations are the softmax of one logit each
// over the edges and the current frame, whose logit is kStayingLogit.
EdgeVoteMeans edge_votes(const LocalEdgesInput& input);

// Differentiable once, with respect to all but the edges; f32, f64. Padding must be free of NaN and have no edges. A
// CPU runs the fused loop, a GPU a kernel in full precision; where they do not run, as on a CPU under autocast, the
// reference does. On a CPU any number of threads gives the same. Throws c10::Error on wrong shapes, dtypes or devices.

// The definitions in plain ATen.
EdgeMessageSums edge_messages_reference(const LocalEdgesInput& input);
EdgeVoteMeans edge_votes_reference(const LocalEdgesInput& input);

// [..., F] -> [...] i64 with bit k set where feature k is not 0.
at::Tensor nonzero_bits(const at::Tensor& features);

// Rows of x [B, L, F] at index [B, L, E] -> [B, L, E, F].
at::Tensor rows_at(const at::Tensor& x, const at::Tensor& index);

}  // namespace flashrna
