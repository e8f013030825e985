// Greedy clustering of structures by TM-score, as in qTMclust of US-align. From the longest structure to the shortest,
// each joins the first representative that is similar enough, or becomes a representative. The diversity of a set of
// generated backbones is the number of clusters over the number of structures (RNA-FrameFlow, arXiv:2406.13839, cut
// 0.45).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/watch.h"
#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

// The length that normalizes the score of two chains. kLonger is stricter: it needs nearly equal lengths and a match of
// nearly the whole chains.
enum class TmNormalization { kLonger, kShorter };

struct ClusterSettings {
  double cut = 0.45;  // structures with at least this TM-score are similar; in (0, 1]
  TmNormalization normalization = TmNormalization::kLonger;
  TmScale scale = TmScale::kRna;
  int threads = 1;  // the result does not depend on it
};

struct StructureClusters {
  std::vector<int> cluster;          // by structure, from 0
  std::vector<int> representatives;  // by cluster: its longest structure; ordered by decreasing length, then as given
};

// `structures` are chains of C3' or CA positions, Å. Throws Error for an invalid cut or number of threads, and for a
// structure that align_structures refuses, naming its index. `watch` follows the structures; if it ends the clustering,
// the rest is in cluster 0.
StructureClusters cluster_structures(std::span<const std::vector<Vec3>> structures,
                                     const ClusterSettings& settings = {}, const Watch& watch = {});

}  // namespace flashrna
