// Families of structures that must not stand on both sides of a split: chains connected by pairs of a high TM-score,
// normalized by the shorter chain, so that a domain and the chain that contains it are one family. Unlike the greedy
// clusters of structure_clusters.h no two families hold a pair above the cut.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

struct FamilySettings {
  double cut = 0.5;   // TM-score that connects two chains; in (0, 1]
  int shortest = 30;  // residues; a shorter chain is a hairpin or a strand that many folds contain: it connects none
  int threads = 1;    // the result is the same for every number
  std::function<void(std::size_t done)> progress;  // chains compared with all before them; from any thread
  std::function<bool()> stop;                      // asked before every chain; true ends the search there
};

struct StructureFamilies {
  std::vector<int> family;     // by chain, from 0 in the order of first members; -1: shorter than `shortest`
  std::size_t pairs = 0;       // of chains that are long enough
  std::size_t alignments = 0;  // done; others were connected already, or their upper bound is below the cut
};

// `chains` are C3' positions, Å. The connected components over all pairs. Scores are those of align_structures, a
// heuristic from below. Throws Error for a cut, a length or a number of threads that is not allowed, or for a chain
// that align_structures refuses.
StructureFamilies find_structure_families(std::span<const std::vector<Vec3>> chains,
                                          const FamilySettings& settings = {});

}  // namespace flashrna
