// Datasets made from datasets: the same chains with other records, and several files joined into one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "datasets/dataset_reader.h"

namespace flashrna {

struct RewriteCalls {
  std::function<void(std::size_t chains_done, std::size_t chains)> progress;
  std::function<bool()> stop;  // asked after every chain; true ends the work without an output
};

// Writes the chains of `reader`, with `records` (one per chain, same lengths) in place of its own, and `options` as the
// root's attribute. `output` may be the file that is read, if `overwrite`. False if stop() ended it.
bool rewrite_dataset(const DatasetReader& reader, const std::vector<ChainRecord>& records, const std::string& options,
                     const std::string& output, bool overwrite, const RewriteCalls& calls = {});

struct MergeResult {
  std::size_t chains = 0;
  std::uint64_t residues = 0;
  std::size_t duplicates = 0;     // listed in /rejected
  bool dropped_clusters = false;  // the inputs were not clustered by the same table
  bool dropped_splits = false;    // splits of parts say nothing about the whole
  bool stopped = false;           // no output was written
};

// Joins datasets in the order given, as if their inputs had been converted together: chains that are there already are
// listed under /rejected, identifiers are made unique again. Sequence and structure clusters stay if every input has
// them from the same table. Throws Error if one cannot be read, or if chains and assemblies would be mixed.
MergeResult merge_datasets(const std::vector<std::string>& inputs, const std::string& output, bool overwrite,
                           const RewriteCalls& calls = {});

// `options` ("model=1 unit=chain") with `key` set to `value`, or without it where the value is empty.
std::string with_option(const std::string& options, const std::string& key, const std::string& value);
// The value of `key`, empty if it is not there.
std::string option_value(const std::string& options, const std::string& key);

}  // namespace flashrna
