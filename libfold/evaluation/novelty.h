// Finds the reference chain most similar to a structure: the highest TM-score over all reference chains.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/watch.h"
#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

struct Nearest {
  double tm_score = 0.0;  // 0 without a reference
  int chain = -1;         // index of the reference chain
};

struct Novelty {
  Nearest by_reference;        // normalized by the reference chain, as published (RNA-FrameFlow)
  Nearest by_longer;           // normalized by the longer of the two
  std::size_t alignments = 0;  // computed for it, at most two per reference chain
};

struct NoveltySearch {
  std::vector<Novelty> of;     // by structure
  std::size_t pairs = 0;       // pairs of a structure and a reference chain
  std::size_t alignments = 0;  // of all
};

// Chains are C3' positions, of proteins CA, Å. Skips only pairs whose upper bound (rna/compare/tm_bound.h) does not
// exceed the best score so far. The result does not depend on the number of threads (0: base/thread_limits.h). Throws
// Error as align_structures does. `watch` follows the structures.
NoveltySearch find_novelty(std::span<const std::vector<Vec3>> structures, std::span<const std::vector<Vec3>> reference,
                           int threads, const Watch& watch = {}, TmScale scale = TmScale::kRna);

}  // namespace flashrna
