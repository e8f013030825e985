// Writes a flashrna dataset chain by chain: memory does not grow with the file but for some 50 bytes per chain. The
// file has a temporary name until finish(); without it, nothing is left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "datasets/dataset_records.h"

namespace flashrna {

// What the root attributes say about the origin.
struct DatasetOrigin {
  std::string source;   // the inputs' names
  std::string options;  // those that change the content
};

class DatasetWriter {
 public:
  // Throws Error if `path` exists and `overwrite` is false, or cannot be written, before anything else is done.
  DatasetWriter(const std::string& path, const DatasetOrigin& origin, bool overwrite);
  ~DatasetWriter();

  // Appends a chain; rows without partners get those of chain_pairs.h. Bytes of texts that are not UTF-8 become U+FFFD.
  // Throws Error for an id that is there already, for no residues, and for a full disk.
  void append(const ChainRecord& record, const ChainRows& rows);
  // Whether a chain of this id is there; of two different ids one in 2^64 is taken for the other.
  bool has(const std::string& id) const;
  std::string id(std::uint64_t index) const;
  void reject(const RejectedRecord& rejected);
  // Of chain `index`, the columns that tell whether another is the same: residue_name, atom_mask, atom_positions.
  ChainRows read_content(std::uint64_t index) const;

  // Writes out, syncs, renames. Throws Error (disk full); the temporary file is then removed by the destructor.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
