// Residues that a parser took for one because a file gives them the same number and name.
#pragma once

#include <vector>

namespace gemmi {
struct Residue;
}

namespace flashrna {

// Some files lost their insertion codes: the U 20, U 20A and U 20B of a tRNA are then all "U 20", and gemmi gathers
// their atoms in one residue. Gives the residues as they were, in the order of their atoms; empty where there is
// nothing to part. Alternate locations, with or without a letter, are not parted: they lie in one place.
std::vector<gemmi::Residue> part_merged_residue(const gemmi::Residue& residue);

}  // namespace flashrna
