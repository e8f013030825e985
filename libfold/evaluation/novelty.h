// How much a structure resembles the nearest one of a reference: its highest TM-score over all reference chains.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

struct Nearest {
  double tm_score = 0.0;  // 0 where there is no reference
  int chain = -1;         // of the reference
};

struct Novelty {
  Nearest by_reference;  // normalized by the reference chain, as published (RNA-FrameFlow)
  Nearest by_longer;     // normalized by the longer one of the two
};

struct NoveltySearch {
  std::vector<Novelty> of;     // by structure
  std::size_t pairs = 0;       // of a structure and a reference chain
  std::size_t alignments = 0;  // done, of at most two per pair
};

struct NoveltyCalls {
  std::function<void(std::size_t structures_done)> progress;  // from any thread
  std::function<bool()> stop;                                 // the search of what is left then ends
};

// Chains are C3' positions, Å. Skipped are only pairs whose upper bound (rna/compare/tm_bound.h) is not above
// the highest score at hand. The same on any number of threads (0 = one per core). Throws Error as align_structures.
NoveltySearch find_novelty(std::span<const std::vector<Vec3>> structures, std::span<const std::vector<Vec3>> reference,
                           int threads, const NoveltyCalls& calls = {});

}  // namespace flashrna
