// Determines the order of a chain's residues if the file order does not follow the bonds.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// Positions of `residues` in chain order. This is the file order, unless the residue numbers give more bonded neighbors
// (some programs write modified residues last). For files that follow neither order, fragments are then joined where
// O3' at the end of one is bonded to P at the start of another.
std::vector<std::size_t> chain_order(std::span<const Nucleotide* const> residues);

}  // namespace flashrna
