// Stores every chain once: the same coordinates under another name are a duplicate, listed under /rejected, and each
// stored chain gets an identifier that no other has.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "datasets/dataset_records.h"

namespace flashrna {

class DatasetWriter;

inline constexpr const char* kDuplicate = "duplicate";  // reason in /rejected; detail: of which chain

class UniqueChains {
 public:
  explicit UniqueChains(DatasetWriter& writer) : writer_(writer) {}

  // Appends the chain, or rejects it as a duplicate: the same residue names, atoms present, and every coordinate within
  // 1e-3 Å of those of a stored chain. True if stored. record.id is made here: entry_model_chains, with ".2" where that
  // is taken, so that "1EHZ_1_A.2" is the second chain of this name in the order of appending.
  // Memory: some 50 bytes for each stored chain; coordinates are compared with those in the file.
  bool append(ChainRecord record, const ChainRows& rows);

 private:
  struct Stored {
    std::uint32_t index;
    float centroid[3];  // Å, of all atoms present
  };
  // The stored chain that `rows` repeats; nullptr if there is none.
  const Stored* find_duplicate(std::uint64_t hash, const Stored& chain, const ChainRows& rows) const;

  DatasetWriter& writer_;
  std::unordered_multimap<std::uint64_t, Stored> by_content_;  // hash of residue names and atoms present
  std::uint32_t n_stored_ = 0;
};

// "1EHZ_1_A", "4V5A_1_AA-BA".
std::string chain_record_id(const ChainRecord& record);

}  // namespace flashrna
