// Reads proteins from PDB, mmCIF and BinaryCIF files, plain or gzipped, as rna/io/structure_reader.h reads RNA.
#pragma once

#include <string>
#include <string_view>

#include "protein/structure.h"
#include "rna/io/structure_reader.h"

namespace flashrna {

// Throws Error naming the file if it is missing, truncated, too large, or not in the format of its extension.
ProteinStructure read_protein_structure(const std::string& path, const ReadOptions& options = {});

// The same from memory (uncompressed or .gz). `name` determines the format and appears in errors.
ProteinStructure read_protein_from_memory(std::string_view bytes, const std::string& name,
                                          const ReadOptions& options = {});

}  // namespace flashrna
