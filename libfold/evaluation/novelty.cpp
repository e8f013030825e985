#include "libfold/evaluation/novelty.h"

#include <algorithm>

#include "base/parallel.h"
#include "datasets/ordered_pipeline.h"
#include "rna/compare/structure_alignment.h"
#include "rna/compare/tm_bound.h"

namespace flashrna {
namespace {

struct Candidate {
  int chain;
  double by_reference, by_longer;  // upper bounds
};

// References by decreasing upper bound for the longer length. Those of similar length come first: a high score found
// early lets the search skip the others.
std::vector<Candidate> candidates_of(const DistanceProfile& structure, std::span<const DistanceProfile> reference,
                                     TmScale scale) {
  std::vector<Candidate> candidates;
  for (std::size_t c = 0; c < reference.size(); ++c) {
    const int length = reference[c].length, longer = std::max(structure.length, length);
    const double by_reference = tm_upper_bound(structure, reference[c], length, scale);
    const double by_longer = longer == length ? by_reference : tm_upper_bound(structure, reference[c], longer, scale);
    candidates.push_back({static_cast<int>(c), by_reference, by_longer});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.by_longer > b.by_longer; });
  return candidates;
}

void take_higher(double score, int chain, Nearest& nearest) {
  if (score > nearest.tm_score) nearest = {score, chain};
}

}  // namespace

NoveltySearch find_novelty(std::span<const std::vector<Vec3>> structures, std::span<const std::vector<Vec3>> reference,
                           int threads, const Watch& watch, TmScale scale) {
  NoveltySearch search;
  search.of.resize(structures.size());
  search.pairs = structures.size() * reference.size();
  std::vector<DistanceProfile> profiles(reference.size());
  const auto search_one = [&](std::size_t s) {
    const std::vector<Vec3>& structure = structures[s];
    Novelty& novelty = search.of[s];
    for (const Candidate& candidate : candidates_of(distance_profile(structure), profiles, scale)) {
      const bool by_reference = candidate.by_reference > novelty.by_reference.tm_score;
      const bool by_longer = candidate.by_longer > novelty.by_longer.tm_score;
      if (!by_reference && !by_longer) continue;
      if (watch.stopped()) return;
      const std::vector<Vec3>& other = reference[static_cast<std::size_t>(candidate.chain)];
      const auto align = [&](std::size_t length) {
        ++novelty.alignments;
        return align_structures(structure, other, static_cast<int>(length), scale).score.value;
      };
      if (other.size() >= structure.size()) {
        const double score = align(other.size());
        take_higher(score, candidate.chain, novelty.by_reference);
        take_higher(score, candidate.chain, novelty.by_longer);
      } else if (by_reference && by_longer) {  // one call for both normalizations shares half of the work
        novelty.alignments += 2;
        const StructureAlignments both = align_structures(structure, other, scale);
        take_higher(both.by_target.score.value, candidate.chain, novelty.by_reference);
        take_higher(both.by_mobile.score.value, candidate.chain, novelty.by_longer);
      } else {
        take_higher(align(by_reference ? other.size() : structure.size()), candidate.chain,
                    by_reference ? novelty.by_reference : novelty.by_longer);
      }
    }
  };
  const int n = thread_count(threads);
  parallel_for(reference.size(), n, [&](std::size_t c) { profiles[c] = distance_profile(reference[c]); });
  parallel_for(structures.size(), n, search_one, watch);
  for (const Novelty& novelty : search.of) search.alignments += novelty.alignments;
  return search;
}

}  // namespace flashrna
