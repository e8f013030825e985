// Splits residues that a parser merged because they have equal numbers and names in the file.
#pragma once

#include <vector>

namespace gemmi {
struct Residue;
}

namespace flashrna {

// Some files have lost their insertion codes: the U 20, U 20A and U 20B of a tRNA are then all "U 20", and gemmi merges
// their atoms into one residue. Returns the original residues in the order of their atoms; empty if the residue was not
// merged. Alternate locations, with or without a letter, are not split, because they overlap in space.
// `least_distance`: Å; equal atoms of two residues of the polymer are farther apart, those of two conformations almost
// never are.
std::vector<gemmi::Residue> part_merged_residue(const gemmi::Residue& residue, double least_distance);

}  // namespace flashrna
