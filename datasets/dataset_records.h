// The rows of a flashrna HDF5 dataset. Layout: datasets/schema.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/polymer.h"

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

// The residues of one chain, row-major, L = length. The sizes are those of RNA; of a protein, torsions and atom slots
// are as many as traits_of(polymer) says.
struct ChainFeatures {
  Polymer polymer = Polymer::kRna;
  int length = 0;
  std::vector<std::uint8_t> nucleotide;          // [L] Base
  std::vector<std::int32_t> residue_index;       // [L]
  std::vector<std::uint8_t> chain_in_structure;  // [L] number of the molecule in an assembly, 0 in a chain
  std::vector<float> frame_rotation;             // [L, 3, 3]
  std::vector<float> frame_translation;          // [L, 3] Å
  std::vector<float> torsion_sin_cos;            // [L, 8, 2]
  std::vector<std::uint8_t> torsion_mask;        // [L] bit k = torsion k defined
  std::vector<float> atom_positions;             // [L, 23, 3] Å
  std::vector<std::uint32_t> atom_mask;          // [L] bit s = slot s present
  // [L] position of the base-pair partner, -1 = unpaired, -2 = unknown; empty = not computed (chain_pairs.h).
  std::vector<std::int32_t> partner;
  std::vector<float> chi_sin_cos;  // [L, 2], (0, 0) where undefined; empty = not computed (chain_chi.h)
};

// Every column of /residues for one chain: the features, and the names and numbers of the source file.
struct ChainRows : ChainFeatures {
  std::vector<std::string> residue_name;  // [L] as in the source file, e.g. "PSU"
  std::vector<std::int32_t> seq_id;       // [L] author's number
  std::string insertion_code;             // [L] one character per residue, ' ' = none
  std::vector<float> b_factor;            // [L] Å²
};

// One row of /rejected: an input chain that is not in /chains, with the reason.
struct RejectedRecord {
  std::string source;
  std::string chain;  // empty = the whole file
  std::string reason;
  std::string detail;
};

}  // namespace flashrna
