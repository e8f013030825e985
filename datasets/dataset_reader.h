// Random access to the chains of a flashrna HDF5 dataset. The table of chains is held in memory; residues are read on
// demand, so that memory does not grow with their number. Layout: datasets/schema.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

class DatasetReader {
 public:
  // Throws Error if the file is missing, not HDF5, not a flashrna dataset, of a later version, or damaged.
  explicit DatasetReader(const std::string& path);
  ~DatasetReader();
  DatasetReader(DatasetReader&&) noexcept;
  DatasetReader& operator=(DatasetReader&&) noexcept;

  const std::string& path() const;
  const std::vector<ChainRecord>& chains() const;
  // Both throw Error if `index` is out of range or the rows are damaged. Thread-safe.
  ChainFeatures read_chain(std::size_t index) const;
  ChainRows read_rows(std::size_t index) const;

  // Throws Error, naming the file, if it holds another polymer. `user` is what needs this one: "flashrna info --pairs".
  void require(Polymer polymer, const std::string& user) const;

  std::vector<RejectedRecord> read_rejected() const;
  // By rejected row, the number of chains that the conversion stored before it. Only a shard knows; in other files all
  // come after the last chain.
  std::vector<std::int64_t> read_rejected_places() const;
  std::uint64_t residue_count() const;
  // Root attributes.
  Polymer polymer() const;       // RNA in files without the attribute
  std::int64_t version() const;  // version 1 has no /residues/partner; read_chain then computes partners
  // The rule that found the base pairs (chain_pairs.h); empty if the file does not say.
  const std::string& pair_rule() const;
  const std::string& program_version() const;
  const std::string& source() const;   // names of the inputs, separated by spaces
  const std::string& options() const;  // the options that changed the content: "model=1"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
