// The records of a PDB file that gemmi 0.5.7 leaves out, and a check that the file is whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flashrna {

struct PdbRecords {
  std::vector<std::pair<std::string, std::string>> modified_residues;  // MODRES: name, parent's name
  std::string release_date;                                            // of REVDAT 1, YYYY-MM-DD; may be empty
};

// Scans the text of a PDB file. Throws Error naming `name` and the line if an ATOM or HETATM record ends before its
// coordinates do, or the last line is visibly cut off.
PdbRecords scan_pdb_records(std::string_view text, const std::string& name);

}  // namespace flashrna
