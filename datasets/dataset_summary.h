// The content of `flashrna info` for a dataset: counts and spreads over its chain table, and the base pairs of its
// chains.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "datasets/dataset_reader.h"

namespace flashrna {

using Counts = std::map<std::string, std::size_t>;

// All zero except `count` if there are no values.
struct Spread {
  std::size_t count = 0;
  double lowest = 0.0;
  double median = 0.0;  // the lower of the two middle values of an even number
  double highest = 0.0;
};

Spread spread_of(std::vector<double> values);

struct DatasetSummary {
  std::vector<int> lengths;  // of every chain, nucleotides
  Spread length;
  Spread resolution;        // Å, of the chains whose resolution is known
  std::size_t entries = 0;  // different entries
  Counts kinds, methods;    // chains by molecule_kind, method
  Counts splits;            // chains by split; "not assigned" if empty
  Counts rejected;          // rows of /rejected by reason
  std::int64_t modified = 0;
  std::int64_t without_frame = 0;
  std::int64_t breaks = 0;
  std::size_t broken_chains = 0;  // with at least one break
  std::int64_t in_helices = 0;    // nucleotides in stems of two or more base pairs (chain_pairs.h); 0 of proteins
};

// Reads every chain of RNA. Throws Error naming a chain whose pairs are invalid.
DatasetSummary summarize_dataset(const DatasetReader& reader);

struct LengthBin {
  int first, last;  // nucleotides, inclusive
  int count;
};

// Bins 1, 2-3, 4-7, ... from the shortest to the longest length; empty for no lengths.
std::vector<LengthBin> length_histogram(const std::vector<int>& lengths);

}  // namespace flashrna
