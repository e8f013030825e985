#include "rna/compare/structure_families.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/disjoint_sets.h"
#include "base/error.h"
#include "base/parallel.h"
#include "rna/compare/structure_alignment.h"
#include "rna/compare/tm_bound.h"

namespace flashrna {
namespace {

void check(const FamilySettings& settings) {
  if (!(settings.cut > 0.0 && settings.cut <= 1.0)) fail("families at TM-score {}: it must be in (0, 1]", settings.cut);
  if (settings.shortest < 1) fail("families of chains of {} residues or more: at least 1", settings.shortest);
  if (settings.threads < 1) fail("families by {} threads: at least 1 is needed", settings.threads);
}

// Disjoint sets that several threads join.
class SharedSets {
 public:
  explicit SharedSets(std::size_t size) : sets_(size) {}

  bool joined(std::size_t a, std::size_t b) {
    const std::lock_guard lock(mutex_);
    return sets_.joined(a, b);
  }
  void join(std::size_t a, std::size_t b) {
    const std::lock_guard lock(mutex_);
    sets_.join(a, b);
  }
  std::size_t find(std::size_t a) {
    const std::lock_guard lock(mutex_);
    return sets_.find(a);
  }

 private:
  std::mutex mutex_;
  DisjointSets sets_;
};

}  // namespace

StructureFamilies find_structure_families(std::span<const std::vector<Vec3>> chains, const FamilySettings& settings,
                                          const Watch& watch) {
  check(settings);
  std::vector<std::size_t> long_enough;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (std::ssize(chains[i]) >= settings.shortest) long_enough.push_back(i);
  }
  // Sorted by length, so that each chain is compared with those of similar length first: likely pairs, which make later
  // comparisons unnecessary.
  std::ranges::stable_sort(long_enough, {}, [&](std::size_t i) { return chains[i].size(); });
  const std::size_t n = long_enough.size();
  std::vector<DistanceProfile> profiles(n);
  parallel_for(n, settings.threads, [&](std::size_t i) { profiles[i] = distance_profile(chains[long_enough[i]]); });

  SharedSets sets(chains.size());
  std::atomic<std::size_t> alignments = 0;
  const auto compare_with_shorter = [&](std::size_t i) {
    const std::size_t longer = long_enough[i];
    for (std::size_t j = i; j-- > 0;) {
      const std::size_t shorter = long_enough[j];
      if (sets.joined(longer, shorter)) continue;
      const int length = static_cast<int>(chains[shorter].size());
      if (tm_upper_bound(profiles[i], profiles[j], length, settings.scale) < settings.cut) continue;
      ++alignments;
      if (align_structures(chains[shorter], chains[longer], length, settings.scale).score.value >= settings.cut) {
        sets.join(longer, shorter);
      }
    }
  };
  parallel_for(n, settings.threads, compare_with_shorter, watch);

  StructureFamilies families;
  families.family.assign(chains.size(), -1);
  families.pairs = n * (n - (n > 0)) / 2;
  families.alignments = alignments;
  std::ranges::sort(long_enough);
  int count = 0;
  for (const std::size_t i : long_enough) {
    const std::size_t first = sets.find(i);
    families.family[i] = first == i ? count++ : families.family[first];
  }
  return families;
}

}  // namespace flashrna
