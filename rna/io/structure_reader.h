// Reads RNA from PDB, mmCIF and BinaryCIF files, plain or gzipped, with gemmi.
// datasets/source_files streams archives; this file reads one structure at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/gzip.h"
#include "rna/structure.h"

namespace flashrna {

struct ReadOptions {
  int model = 1;                                // number of the model in file order, from 1
  std::uint64_t max_bytes = kMaxUnpackedBytes;  // of the file, and of its uncompressed content
};

// Reads one structure file (.pdb, .pdb1, .ent, .cif, .mmcif, .bcif, each also with .gz).
// Throws Error naming the file if it is missing, truncated, too large, or not in the format of its extension.
Structure read_structure(const std::string& path, const ReadOptions& options = {});

// The same from memory (uncompressed or .gz). `name` determines the format and appears in errors.
Structure read_structure_from_memory(std::string_view bytes, const std::string& name, const ReadOptions& options = {});

// Whether the file name has one of the extensions above; one of the PDB format.
bool is_structure_file_name(std::string_view name);
bool is_pdb_file_name(std::string_view name);

}  // namespace flashrna
