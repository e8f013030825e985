#include "protein/io/structure_reader.h"

#include "protein/io/protein_chains.h"
#include "rna/io/parsed_model.h"

namespace flashrna {

ProteinStructure read_protein_structure(const std::string& path, const ReadOptions& options) {
  return read_protein_from_memory(read_structure_file(path, options), path, options);
}

ProteinStructure read_protein_from_memory(std::string_view bytes, const std::string& name, const ReadOptions& options) {
  const ParsedModel parsed = parse_model(bytes, name, options);
  ProteinStructure structure;
  copy_entry(parsed, structure);
  append_protein_chains(parsed, structure);
  return structure;
}

}  // namespace flashrna
