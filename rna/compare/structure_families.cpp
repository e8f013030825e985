#include "rna/compare/structure_families.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "rna/compare/structure_alignment.h"
#include "rna/compare/tm_bound.h"

namespace flashrna {
namespace {

void check(const FamilySettings& settings) {
  if (!(settings.cut > 0.0 && settings.cut <= 1.0)) fail("families at TM-score {}: it must be in (0, 1]", settings.cut);
  if (settings.shortest < 1) fail("families of chains of {} residues or more: at least 1", settings.shortest);
  if (settings.threads < 1) fail("families by {} threads: at least 1 is needed", settings.threads);
}

// Disjoint sets. Thread-safe.
class JoinedSets {
 public:
  explicit JoinedSets(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }

  bool are_joined(std::size_t a, std::size_t b) {
    const std::lock_guard lock(mutex_);
    return root(a) == root(b);
  }

  void join(std::size_t a, std::size_t b) {
    const std::lock_guard lock(mutex_);
    const std::size_t one = root(a), other = root(b);
    parent_[std::max(one, other)] = std::min(one, other);
  }

  std::size_t first_of(std::size_t a) { return root(a); }  // the lowest member

 private:
  std::size_t root(std::size_t a) {
    while (parent_[a] != a) a = parent_[a] = parent_[parent_[a]];
    return a;
  }

  std::mutex mutex_;
  std::vector<std::size_t> parent_;
};

// Calls work(i) for i = 0 .. count - 1 from several threads. The first exception ends the work and is rethrown.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace

StructureFamilies find_structure_families(std::span<const std::vector<Vec3>> chains, const FamilySettings& settings) {
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
  for_each_index(n, settings.threads, [&](std::size_t i) { profiles[i] = distance_profile(chains[long_enough[i]]); });

  JoinedSets sets(chains.size());
  std::atomic<std::size_t> alignments = 0, done = 0;
  for_each_index(n, settings.threads, [&](std::size_t i) {
    if (settings.stop && settings.stop()) return;
    const std::size_t longer = long_enough[i];
    for (std::size_t j = i; j-- > 0;) {
      const std::size_t shorter = long_enough[j];
      if (sets.are_joined(longer, shorter)) continue;
      const int length = static_cast<int>(chains[shorter].size());
      if (tm_upper_bound(profiles[i], profiles[j], length) < settings.cut) continue;
      ++alignments;
      if (align_structures(chains[shorter], chains[longer], length).score.value >= settings.cut) {
        sets.join(longer, shorter);
      }
    }
    if (settings.progress) settings.progress(++done);
  });

  StructureFamilies families;
  families.family.assign(chains.size(), -1);
  families.pairs = n * (n - (n > 0)) / 2;
  families.alignments = alignments;
  std::ranges::sort(long_enough);
  int count = 0;
  for (const std::size_t i : long_enough) {
    const std::size_t first = sets.first_of(i);
    families.family[i] = first == i ? count++ : families.family[first];
  }
  return families;
}

}  // namespace flashrna
