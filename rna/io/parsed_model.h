// One model of a structure file as gemmi parsed it, with the information on the entry that RNA and proteins share.
#pragma once

#include <cstddef>
#include <gemmi/model.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rna/io/structure_reader.h"

namespace flashrna {

// A residue name that the file declares: _pdbx_struct_mod_residue, MODRES (parent alone) or _chem_comp.
struct DeclaredResidue {
  std::string name;
  std::string parent;  // name of the unmodified residue; may be empty
  std::string type;    // of _chem_comp, in small letters: "l-peptide linking"; may be empty
};

struct ParsedModel {
  gemmi::Structure structure;
  std::vector<DeclaredResidue> declared;  // in the order of precedence
  int number = 1;                         // of the model in file order, from 1
  std::string entry;                      // as in rna/structure.h, like the members below
  std::string method;
  double resolution = 0.0;
  std::string release_date;

  const gemmi::Model& model() const { return structure.models[static_cast<std::size_t>(number - 1)]; }
  int n_models() const { return static_cast<int>(structure.models.size()); }
};

// Parses the text of a structure file, uncompressed or .gz. Errors as read_structure_from_memory. Positions of atoms
// that were never located are NaN.
ParsedModel parse_model(std::string_view bytes, const std::string& name, const ReadOptions& options);

// The bytes of a structure file. Throws Error if it is missing, a folder, too large, or .gz by name only.
std::string read_structure_file(const std::string& path, const ReadOptions& options);

// Copies what the structure of any polymer says of its entry.
template <typename AnyStructure>
void copy_entry(const ParsedModel& parsed, AnyStructure& structure) {
  structure.entry = parsed.entry;
  structure.model = parsed.number;
  structure.n_models = parsed.n_models();
  structure.method = parsed.method;
  structure.resolution = parsed.resolution;
  structure.release_date = parsed.release_date;
}

}  // namespace flashrna
