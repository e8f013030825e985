// Divides a dataset into training, validation and test by whole clusters, so that no family is in two of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "datasets/batches.h"
#include "datasets/dataset_reader.h"

namespace flashrna {

inline constexpr std::array<const char*, 3> kSplitNames = {"train", "validation", "test"};

// Chains that must stay together.
struct SplitGroup {
  std::vector<std::size_t> chains;  // indices, increasing
  std::int64_t residues = 0;
  int split = 0;  // index into kSplitNames
};

// The parent bases (A, C, G, U, N) of every chain.
std::vector<std::string> parent_sequences(const DatasetReader& reader);

// The connected components of these relations: same sequence cluster; same structure cluster; and, for a chain without
// a sequence cluster, same entry as another such chain or same sequence as any chain. `sequences`: parent bases, one
// string per chain. Groups are ordered by their first chain.
std::vector<SplitGroup> group_chains(const std::vector<ChainRecord>& chains, const std::vector<std::string>& sequences);

// The same for the chains `which` of a dataset; the groups contain members of `which`. Reads the sequences only if one
// of the chains has no sequence cluster.
std::vector<SplitGroup> group_chains(const DatasetReader& reader, const std::vector<std::size_t>& which);

// One line that says whether held-out chains share sequence or structure clusters with training chains, or that no
// clusters are known; empty if either is empty. `training`, `held_out`: indices into `chains`.
std::string describe_held_out(const std::vector<ChainRecord>& chains, std::span<const std::size_t> training,
                              std::span<const std::size_t> held_out);
// The same by the chains' splits: validation and test beside train.
std::string describe_held_out(const std::vector<ChainRecord>& chains);

// Sets `split` of every group so that the shares of residues approximate `fractions` (not negative, sum above 0; a
// split of fraction 0 stays empty). The groups too large to correct for later are assigned first, each to the split
// that lacks most. The others follow in random order, the last of them ordered by size. Throws UsageError for invalid
// fractions.
void assign_splits(std::vector<SplitGroup>& groups, const std::array<double, 3>& fractions,
                   const RandomBelow& random_below);

}  // namespace flashrna
