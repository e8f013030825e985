// Stores every chain once. A chain with the same coordinates under another name is a duplicate and is listed under
// /rejected. Every stored chain gets a unique id.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "datasets/dataset_records.h"

namespace flashrna {

class DatasetWriter;

inline constexpr const char* kDuplicate = "duplicate";  // reason in /rejected; the detail names the stored chain

class UniqueChains {
 public:
  // With `keep_duplicates` every chain is stored, as for a shard, whose duplicates may be in others.
  explicit UniqueChains(DatasetWriter& writer, bool keep_duplicates = false)
      : writer_(writer), keep_duplicates_(keep_duplicates) {}

  // Appends the chain and returns true, or rejects it as a duplicate: same residue names, same atoms present, and every
  // coordinate within 1e-3 Å of a stored chain. Sets record.id to entry_model_chains, with ".2" if that is used, so
  // that "1EHZ_1_A.2" is the second chain of this name in the order of appending. Memory: some 50 bytes per stored
  // chain; coordinates are compared with those in the file.
  bool append(ChainRecord record, const ChainRows& rows);

 private:
  struct Stored {
    std::uint32_t index;
    float centroid[3];  // Å, of all atoms present
  };
  // The stored chain with the same content as `rows`; nullptr if there is none.
  const Stored* find_duplicate(std::uint64_t hash, const Stored& chain, const ChainRows& rows) const;

  DatasetWriter& writer_;
  const bool keep_duplicates_;
  std::unordered_multimap<std::uint64_t, Stored> by_content_;  // hash of residue names and atoms present
  std::uint32_t n_stored_ = 0;
};

// "1EHZ_1_A", "4V5A_1_AA-BA".
std::string chain_record_id(const ChainRecord& record);

}  // namespace flashrna
