// What of a PDB file gemmi gets to see: the records we use. It reads many more (bonds, helices, symmetry), some beyond
// the end of a short line, and would refuse the file for a fault in one that does not matter here.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// The text with every record that neither we nor gemmi on our behalf need made an empty line, so that gemmi's messages
// count lines as the file does. Whoever reads another record adds it to the list. Lines other than those of atoms have
// 80 columns at least: gemmi looks there without asking how long the line is. Models are numbered anew, from 1, and
// told apart by MODEL, ENDMDL and END, whichever the file has: what follows an END is another model if it has the same
// residues (trajectories), more of the same structure if it has none of them (parts put one after the other). The
// columns of the segment's name hold a number from 1 where a chain goes on after TER, under another name of a segment,
// or with residues whose numbers begin again; else blanks. Throws Error naming `name` and the line for a zero byte,
// where gemmi would take the file to end, and for atoms after an END that are neither.
std::string keep_used_records(std::string_view text, const std::string& name);

}  // namespace flashrna
