// The initial pair representation in factorized form: two factors [B, L, R, C] per residue, computed from the node
// embedding, the residue index, and the nearest neighbors in the noisy and in the self-conditioning structure.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/nn/pair_representation.h"

namespace flashrna {

struct EdgeEmbedderConfig {
  int64_t node_channels = 256;
  int64_t pair_channels = 128;
  int64_t pair_rank = 2;
  int64_t feature_channels = 64;
  int64_t distance_bins = 22;
  int64_t neighbors = 20;
  bool neighbors_include_padding = false;  // published
  bool self_as_last_neighbor = false;      // published
  bool short_index_periods = false;        // published
  bool relative_positions = false;         // embed a neighbor's clipped index offset instead of its index
  int64_t chain_neighbors = 0;             // even; number of neighbors taken along the chain, first in the list
};

// Inputs of the embedder. If `self_condition` is undefined, its block of neighbor features is zero.
struct EdgeEmbedderInput {
  at::Tensor node;                      // [B, L, node_channels]
  at::Tensor translations;              // [B, L, 3] Å
  at::Tensor self_condition;            // [B, L, 3] Å or undefined
  at::Tensor self_condition_neighbors;  // [B, L, k] i64, used instead of a search; or undefined
  at::Tensor residue_index;             // [B, L] i64
  at::Tensor lengths;                   // [B] i64
};

// The layers of the final perceptron, named by their published numbers.
class PairPerceptronImpl : public torch::nn::Module {
 public:
  PairPerceptronImpl(int64_t in_channels, int64_t channels);
  at::Tensor forward(const at::Tensor& features);

 private:
  Linear linear_0{nullptr}, linear_2{nullptr}, linear_4{nullptr};
  torch::nn::LayerNorm norm_5{nullptr};
};
TORCH_MODULE(PairPerceptron);

class EdgeEmbedderImpl : public torch::nn::Module {
 public:
  explicit EdgeEmbedderImpl(const EdgeEmbedderConfig& config);
  PairRepresentation forward(const EdgeEmbedderInput& input);

 private:
  struct Neighbors {
    at::Tensor indices;    // [B, L, k] i64, -1 = none
    at::Tensor distances;  // [B, L, k] Å
  };
  // Neighbors in one structure: `given` if defined, otherwise those along the chain and the nearest in space.
  Neighbors find_neighbors(const at::Tensor& translations, const at::Tensor& given, const at::Tensor& lengths) const;
  // [B, L, 2 R bins] for one structure: distance bins and index embeddings of the neighbors, passed through `linear`.
  at::Tensor neighbor_features(const at::Tensor& translations, const at::Tensor& given_neighbors,
                               const EdgeEmbedderInput& input, const at::Tensor& index_features, Linear& linear);

  EdgeEmbedderConfig config_;
  Linear linear_s_p{nullptr}, linear_relpos{nullptr};
  Linear linear_t_distogram{nullptr}, linear_sc_distogram{nullptr};
  PairPerceptron edge_embedder{nullptr};
};
TORCH_MODULE(EdgeEmbedder);

// One-hot distance bins of distances [...] in Å -> [..., bins]. The lower edges are linspace(1e-3, 20, bins); the last
// bin ends at 1e8. Both edges are exclusive, so a distance of at most 1e-3 is in no bin.
at::Tensor distance_bins(const at::Tensor& distances, int64_t bins);

}  // namespace flashrna
