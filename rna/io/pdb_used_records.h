// Restricts a PDB file to the records in use. gemmi reads many more (bonds, helices, symmetry), some beyond the end of
// a short line, and an error in one of them would make it reject the file.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// The text with every record that neither this program nor gemmi needs replaced by an empty line, so that line numbers
// in gemmi's messages are those of the file. Code that reads another record must add it to the list. Lines other than
// those of atoms are padded to 80 columns, because gemmi reads that far without checking the length. Models are
// renumbered from 1 and are separated by MODEL, ENDMDL or END, whichever the file has. Atoms after an END are another
// model if they have the same residues (trajectories), and part of the same model if they have none of them
// (concatenated parts). The columns of the segment name hold a number from 1 where a chain continues after TER, with
// another segment name, or with a restart of the residue numbering; otherwise blanks. Throws Error naming `name` and
// the line for a zero byte, which gemmi would treat as the end of the file, and for atoms after an END that are neither
// case.
std::string keep_used_records(std::string_view text, const std::string& name);

}  // namespace flashrna
