// Reads the records of a PDB file that gemmi 0.5.7 omits, and checks that the file is complete.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flashrna {

struct PdbRecords {
  std::vector<std::pair<std::string, std::string>> modified_residues;  // MODRES: name, name of the parent
  std::string release_date;                                            // of REVDAT 1, YYYY-MM-DD; may be empty
};

// Scans the text of a PDB file. Throws Error naming `name` and the line if an ATOM or HETATM record ends within its
// coordinates, or if the last line is recognizably truncated.
PdbRecords scan_pdb_records(std::string_view text, const std::string& name);

}  // namespace flashrna
