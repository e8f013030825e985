// Compares families with an alignment of all pairs.
#include "rna/compare/structure_families.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "rna/compare/structure_alignment.h"
#include "tests/rna/golden_chain.h"
#include "tests/rna/random_points.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

std::vector<std::vector<Vec3>> golden_structures(std::size_t count) {
  const GoldenFile coordinates(golden_path("tm_coords.h5"));
  std::vector<std::vector<Vec3>> structures;
  for (const CsvRow& row : read_csv(golden_path("qtmclust.csv"))) {
    if (structures.size() < count) structures.push_back(golden_chain(coordinates, row.text("structure")));
  }
  return structures;
}

// Components of the graph of all pairs, by propagating the lowest number.
std::vector<int> families_by_all_pairs(const std::vector<std::vector<Vec3>>& chains, const FamilySettings& settings) {
  std::vector<int> lowest(chains.size(), -1);
  const auto counts = [&](std::size_t i) { return std::ssize(chains[i]) >= settings.shortest; };
  std::vector<std::pair<std::size_t, std::size_t>> alike;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (!counts(i)) continue;
    lowest[i] = static_cast<int>(i);
    for (std::size_t j = 0; j < i; ++j) {
      if (!counts(j)) continue;
      const bool first = chains[i].size() < chains[j].size();
      const std::vector<Vec3>&shorter = first ? chains[i] : chains[j], &longer = first ? chains[j] : chains[i];
      if (align_structures(shorter, longer, static_cast<int>(shorter.size())).score.value >= settings.cut)
        alike.emplace_back(i, j);
    }
  }
  for (std::size_t round = 0; round < chains.size(); ++round) {
    for (const auto& [i, j] : alike) lowest[i] = lowest[j] = std::min(lowest[i], lowest[j]);
  }
  return lowest;
}

TEST(StructureFamilies, AreThoseOfAllPairsOnAnyNumberOfThreads) {
  std::vector<std::vector<Vec3>> chains = golden_structures(24);
  // Fragments of another chain, with more and with fewer residues than the minimum compared.
  chains.emplace_back(chains[0].begin(), chains[0].begin() + 34);
  chains.emplace_back(chains[0].begin(), chains[0].begin() + 29);
  chains.push_back(random_points(40, 15.0, 7));
  for (const double cut : {0.35, 0.5}) {
    const FamilySettings settings{.cut = cut};
    const std::vector<int> expected = families_by_all_pairs(chains, settings);
    for (const int threads : {1, 3}) {
      FamilySettings with_threads = settings;
      with_threads.threads = threads;
      const StructureFamilies found = find_structure_families(chains, with_threads);
      for (std::size_t i = 0; i < chains.size(); ++i) {
        EXPECT_EQ(found.family[i] < 0, expected[i] < 0) << i;
        for (std::size_t j = 0; j < i; ++j)
          EXPECT_EQ(found.family[i] == found.family[j], expected[i] == expected[j]) << i << " and " << j;
      }
      EXPECT_LE(found.alignments, found.pairs);
      fmt::print("  cut {}: {} families of {} chains, {} alignments for {} pairs\n", cut,
                 *std::ranges::max_element(found.family) + 1, chains.size(), found.alignments, found.pairs);
    }
  }
  const StructureFamilies found = find_structure_families(chains);
  EXPECT_EQ(found.family[24], found.family[0]);
  EXPECT_EQ(found.family[25], -1);
  EXPECT_NE(found.family[26], found.family[0]);
}

TEST(StructureFamilies, OfNothingAreNone) {
  EXPECT_TRUE(find_structure_families({}).family.empty());
  const std::vector<std::vector<Vec3>> one = {random_points(31, 9.0, 1)};
  EXPECT_EQ(find_structure_families(one).family, std::vector<int>{0});
}

TEST(StructureFamilies, BadSettingsAreNamed) {
  EXPECT_THROW(find_structure_families({}, {.cut = 0.0}), Error);
  EXPECT_THROW(find_structure_families({}, {.cut = 1.5}), Error);
  EXPECT_THROW(find_structure_families({}, {.shortest = 0}), Error);
  EXPECT_THROW(find_structure_families({}, {.threads = 0}), Error);
}

}  // namespace
}  // namespace flashrna
