// Random access to the chains of a flashrna HDF5 dataset. The chain table is held in memory; residues are read on
// demand, so memory does not grow with the file. Layout: datasets/schema.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace flashrna {

// One row of /chains.
struct ChainRecord {
  std::string id;  // unique in the file: "1EHZ_1_A"
  std::string entry;
  int model = 1;
  std::string chain_ids;
  std::string molecule_kind;
  int length = 0;  // residues with a frame
  int n_without_frame = 0;
  int n_breaks = 0;
  int n_modified = 0;
  float resolution = 0.0f;  // Å; 0 = unknown
  std::string method;
  std::string release_date;
  int sequence_cluster = -1;  // -1 = not assigned
  int structure_cluster = -1;
  std::string split;  // "", "train", "validation", "test"
  std::string source_file;
  std::string source_sha256;
};

// One chain's residues, row-major, L = length.
struct ChainFeatures {
  int length = 0;
  std::vector<std::uint8_t> nucleotide;     // [L] Base
  std::vector<std::int32_t> residue_index;  // [L]
  std::vector<float> frame_rotation;        // [L, 3, 3]
  std::vector<float> frame_translation;     // [L, 3] Å
  std::vector<float> torsion_sin_cos;       // [L, 8, 2]
  std::vector<std::uint8_t> torsion_mask;   // [L] bit k = torsion k defined
  std::vector<float> atom_positions;        // [L, 23, 3] Å
  std::vector<std::uint32_t> atom_mask;     // [L] bit s = slot s present
};

// Every column of /residues for one chain: the features and what the source file called the residues.
struct ChainRows : ChainFeatures {
  std::vector<std::string> residue_name;         // [L] as in the source file, e.g. "PSU"
  std::vector<std::int32_t> seq_id;              // [L] author's number
  std::string insertion_code;                    // [L] one character each, ' ' where there is none
  std::vector<std::uint8_t> chain_in_structure;  // [L]
  std::vector<float> b_factor;                   // [L] Å²
};

// One row of /rejected: an input chain that is not in /chains, and why.
struct RejectedRecord {
  std::string source;
  std::string chain;  // empty = the whole file
  std::string reason;
  std::string detail;
};

class DatasetReader {
 public:
  // Throws Error if the file is missing, not HDF5, not ours, of a later version, or damaged.
  explicit DatasetReader(const std::string& path);
  ~DatasetReader();
  DatasetReader(DatasetReader&&) noexcept;
  DatasetReader& operator=(DatasetReader&&) noexcept;

  const std::string& path() const;
  const std::vector<ChainRecord>& chains() const;
  // Both throw Error if `index` is out of range or the rows are damaged. Safe to call from several threads.
  ChainFeatures read_chain(std::size_t index) const;
  ChainRows read_rows(std::size_t index) const;

  std::vector<RejectedRecord> read_rejected() const;
  std::uint64_t residue_count() const;
  // Root attributes.
  const std::string& program_version() const;
  const std::string& source() const;   // the inputs' names, separated by spaces
  const std::string& options() const;  // the options that changed the content: "model=1"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
