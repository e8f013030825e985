// Writes a flashrna dataset chain by chain. Memory grows by some 50 bytes per chain only. The file has a temporary name
// until finish(); without finish() it is removed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "datasets/chain_pairs.h"
#include "datasets/dataset_records.h"

namespace flashrna {

// Root attributes that describe the origin.
struct DatasetOrigin {
  std::string source;                          // names of the inputs
  std::string options;                         // options that change the content
  std::string pair_rule = kWholeBasePairRule;  // attribute `rule` of /residues/partner; of RNA only
  Polymer polymer = Polymer::kRna;
  bool is_shard = false;  // keeps the position of rejected rows among the chains, for merge_datasets
};

class DatasetWriter {
 public:
  // Throws Error, before writing anything, if `path` exists and `overwrite` is false, or if `path` cannot be written.
  DatasetWriter(const std::string& path, const DatasetOrigin& origin, bool overwrite);
  ~DatasetWriter();

  // Appends a chain. Rows of RNA without partners get those of base_pairs_of (chain_pairs.h). Bytes of text that are
  // not UTF-8 become U+FFFD. Throws Error if the id is already used, if the chain has no residues or is of another
  // polymer than the dataset, or if the disk is full.
  void append(const ChainRecord& record, const ChainRows& rows);
  // Whether a chain with this id was appended. Compares 64-bit hashes: two different ids collide once in 2^64.
  bool has(const std::string& id) const;
  std::string id(std::uint64_t index) const;
  void reject(const RejectedRecord& rejected);
  // The columns of chain `index` that tell whether another chain is the same: residue_name, atom_mask, atom_positions.
  ChainRows read_content(std::uint64_t index) const;

  // Writes the buffers, synchronizes and renames the file. Throws Error (disk full); the destructor then removes the
  // temporary file.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
