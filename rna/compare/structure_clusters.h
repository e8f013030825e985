// Greedy clustering of structures by TM-score, as qTMclust of US-align does it: from the longest structure to the
// shortest, each joins the first representative that it resembles, or becomes one. The diversity of a set of generated
// backbones is its number of clusters over its number of structures (RNA-FrameFlow, arXiv:2406.13839, cut 0.45).
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// Of two chains of different lengths; the longer one asks for more: nearly the same length, and nearly all of it alike.
enum class TmNormalization { kLonger, kShorter };

struct ClusterSettings {
  double cut = 0.45;  // structures with at least this TM-score are alike; in (0, 1]
  TmNormalization normalization = TmNormalization::kLonger;
  int threads = 1;                                 // the result is the same for every number
  std::function<void(std::size_t done)> progress;  // after every structure
  std::function<bool()> stop;                      // asked before every structure; true ends the clustering there
};

struct StructureClusters {
  std::vector<int> cluster;          // by structure, from 0
  std::vector<int> representatives;  // by cluster: its longest structure; longest first, then in the given order
};

// `structures` are chains of C3' positions, Å. Throws Error for a cut or a number of threads that is not allowed, or
// for a structure that align_structures refuses, naming its place.
StructureClusters cluster_structures(std::span<const std::vector<Vec3>> structures,
                                     const ClusterSettings& settings = {});

}  // namespace flashrna
