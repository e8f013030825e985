// Determines positions of observed residues in the full sequence of their polymer, for files without such numbers.
#pragma once

#include <string>
#include <vector>

#include "rna/io/residue_links.h"

namespace flashrna {

// Position of every residue, called `names`, in `sequence`, a list of residue names, from 1; 0 for residues without a
// position. Uses sequence alignment without a gap opening cost at breaks. Empty if there is no sequence, or if the
// author's numbers minus a constant are the positions of all residues. In the latter case, the numbers give the gap
// lengths as well as an alignment, which for a ribosomal RNA takes longer than reading its file.
std::vector<int> place_in_sequence(const LinkedResidues& residues, const std::vector<std::string>& names,
                                   const std::vector<std::string>& sequence);

}  // namespace flashrna
