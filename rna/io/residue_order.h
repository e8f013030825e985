// Determines the order of a chain's residues if the file order does not follow the bonds.
#pragma once

#include <cstddef>
#include <vector>

#include "rna/io/residue_links.h"

namespace flashrna {

// Positions of the residues in chain order. This is the file order, unless the residue numbers give more bonded
// neighbors (some programs write modified residues last). For files that follow neither order, fragments are then
// joined where the end of one is linked to the start of another, if that closes half of the breaks or more: in a model
// with many broken links, atoms of distant residues may lie at the length of a link by chance.
std::vector<std::size_t> chain_order(const LinkedResidues& residues);

}  // namespace flashrna
