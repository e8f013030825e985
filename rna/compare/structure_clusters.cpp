#include "rna/compare/structure_clusters.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "rna/compare/structure_alignment.h"

namespace flashrna {
namespace {

void check(std::span<const std::vector<Vec3>> structures, const ClusterSettings& settings) {
  if (!(settings.cut > 0.0 && settings.cut <= 1.0)) fail("clusters at TM-score {}: it must be in (0, 1]", settings.cut);
  if (settings.threads < 1) fail("clusters by {} threads: at least 1 is needed", settings.threads);
  for (std::size_t i = 0; i < structures.size(); ++i) {
    const bool finite =
        std::all_of(structures[i].begin(), structures[i].end(), [](const Vec3& point) { return point.allFinite(); });
    if (structures[i].empty() || !finite) {
      fail("structure {} of {} has {} residues{}; clustering needs at least one, all finite", i, structures.size(),
           structures[i].size(), finite ? "" : ", not all of them finite");
    }
  }
}

bool alike(const std::vector<Vec3>& a, const std::vector<Vec3>& b, const ClusterSettings& settings) {
  const std::size_t longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
  const std::size_t length = settings.normalization == TmNormalization::kLonger ? longer : shorter;
  // At most as many pairs as the shorter chain has residues, each with a score of at most 1.
  if (static_cast<double>(shorter) < settings.cut * static_cast<double>(length)) return false;
  return align_structures(a, b, static_cast<int>(length), settings.scale).score.value >= settings.cut;
}

// The index of the first representative that is similar to `structure`; representatives.size() if there is none.
// Threads test them in order and skip those after one that is already found.
std::size_t first_alike(std::span<const std::vector<Vec3>> structures, std::size_t structure,
                        const std::vector<int>& representatives, const ClusterSettings& settings) {
  std::atomic<std::size_t> found = representatives.size();
  parallel_for(representatives.size(), settings.threads, [&](std::size_t k) {
    if (k > found || !alike(structures[structure], structures[static_cast<std::size_t>(representatives[k])], settings))
      return;
    std::size_t known = found;
    while (k < known && !found.compare_exchange_weak(known, k)) {
    }
  });
  return found;
}

}  // namespace

StructureClusters cluster_structures(std::span<const std::vector<Vec3>> structures, const ClusterSettings& settings,
                                     const Watch& watch) {
  check(structures, settings);
  std::vector<std::size_t> order(structures.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return structures[a].size() > structures[b].size(); });
  StructureClusters clusters;
  clusters.cluster.resize(structures.size());
  std::size_t done = 0;
  for (const std::size_t structure : order) {
    if (watch.stopped()) break;
    const std::size_t cluster = first_alike(structures, structure, clusters.representatives, settings);
    if (cluster == clusters.representatives.size()) clusters.representatives.push_back(static_cast<int>(structure));
    clusters.cluster[structure] = static_cast<int>(cluster);
    watch.report(++done, structures.size());
  }
  return clusters;
}

}  // namespace flashrna
