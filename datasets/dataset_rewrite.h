// Makes datasets from datasets: rewrites one with other records, or merges several into one file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/watch.h"
#include "datasets/dataset_reader.h"

namespace flashrna {

// Writes the chains of `reader` with `records` in place of their own (one per chain, same lengths) and with `options`
// as root attribute. `output` may be the file being read if `overwrite` is true. Returns false if `watch`,
// which follows the chains, ended the work; no output is written then.
bool rewrite_dataset(const DatasetReader& reader, const std::vector<ChainRecord>& records, const std::string& options,
                     const std::string& output, bool overwrite, const Watch& watch = {});

struct MergeResult {
  std::size_t chains = 0;
  std::uint64_t residues = 0;
  std::size_t duplicates = 0;     // listed in /rejected
  bool dropped_clusters = false;  // the inputs were not clustered by the same table
  bool dropped_splits = false;    // the splits of the inputs need not agree
  bool recomputed_pairs = false;  // the base pairs of the inputs were found by different rules
  bool stopped = false;           // `watch` ended the work; no output was written
};

// Merges datasets in the order given, with the result of converting their inputs together: duplicate chains are listed
// under /rejected and ids are made unique. Sequence and structure clusters are kept if all inputs have them from the
// same table, base pairs if all were found by the same rule; otherwise they are found again from the atoms. Throws
// Error if an input cannot be read, or if chains and assemblies, or
// RNA and proteins, would be mixed.
MergeResult merge_datasets(const std::vector<std::string>& inputs, const std::string& output, bool overwrite,
                           const Watch& watch = {});

// `options` ("model=1 unit=chain") with `key` set to `value`; an empty value removes the key.
std::string with_option(const std::string& options, const std::string& key, const std::string& value);
// The value of `key`; empty if `options` lacks it.
std::string option_value(const std::string& options, const std::string& key);

}  // namespace flashrna
