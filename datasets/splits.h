// Divides a dataset into training, validation and test by whole clusters, so that no family stands on two sides.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "datasets/batches.h"
#include "datasets/dataset_reader.h"

namespace flashrna {

inline constexpr std::array<const char*, 3> kSplitNames = {"train", "validation", "test"};

// Clusters that must stay together.
struct SplitGroup {
  std::vector<std::size_t> chains;  // indices, rising
  std::int64_t residues = 0;
  int split = 0;  // in kSplitNames
};

// The parent bases (A, C, G, U, N) of every chain.
std::vector<std::string> parent_sequences(const DatasetReader& reader);

// The connected components of: chains of one sequence cluster; chains of one structure cluster; and, for a chain with
// neither, the other such chains of its entry and every chain of the same sequence. `sequences`: parent bases, a chain
// each. In order of their first chains.
std::vector<SplitGroup> group_chains(const std::vector<ChainRecord>& chains, const std::vector<std::string>& sequences);

// Sets `split` of every group, so that the three shares of residues come near `fractions` (not negative, any sum above
// 0; a part that is 0 stays empty). Groups too large to correct for later go first, the largest to where most is
// missing; the others follow in random order, the last of them by size. Throws UsageError for other fractions.
void assign_splits(std::vector<SplitGroup>& groups, const std::array<double, 3>& fractions,
                   const RandomBelow& random_below);

}  // namespace flashrna
