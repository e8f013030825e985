// Families of structures that a split must keep together: the connected components of pairs with a high TM-score,
// normalized by the shorter chain, so that a domain and a chain that contains it are one family. Unlike the greedy
// clusters of structure_clusters.h, no two families have a pair above the cut.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/watch.h"
#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

struct FamilySettings {
  double cut = 0.5;   // TM-score that connects two chains; in (0, 1]
  int shortest = 30;  // residues; shorter chains (hairpins, strands) are part of many folds and connect nothing
  TmScale scale = TmScale::kRna;
  int threads = 1;  // the result does not depend on it
};

struct StructureFamilies {
  std::vector<int> family;     // by chain, from 0 in the order of first members; -1 if shorter than `shortest`
  std::size_t pairs = 0;       // pairs of chains that are long enough
  std::size_t alignments = 0;  // computed; other pairs were already connected, or their bound is below the cut
};

// `chains` are C3' or CA positions, Å. Computes the connected components over all pairs. Scores are those of
// align_structures, a heuristic that can be too low. Throws Error for an invalid cut, length or number of threads, and
// for a chain that align_structures refuses. `watch` follows the chains that are long enough.
StructureFamilies find_structure_families(std::span<const std::vector<Vec3>> chains,
                                          const FamilySettings& settings = {}, const Watch& watch = {});

}  // namespace flashrna
