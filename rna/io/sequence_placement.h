// Where observed residues stand in the full sequence of their polymer, for files that give no numbers of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// Position in `sequence`, a list of residue names, of every residue: from 1; 0 where it has none. By sequence
// alignment, where opening a gap costs nothing at a break. Empty if there is nothing to learn from it: no sequence, or
// one in which the author's numbers, less some constant, are the positions of all residues. They then measure the gaps
// as well as the alignment, which for a ribosomal RNA takes longer than reading its file.
std::vector<int> place_in_sequence(std::span<const Nucleotide* const> residues,
                                   const std::vector<std::string>& sequence);

}  // namespace flashrna
