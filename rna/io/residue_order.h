// The order of a chain's residues, where the file's own order does not follow the bonds.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// Places of `residues` in chain order. That is the file's order, unless the numbers give more bonded neighbours (some
// programs write modified residues after the others); then fragments are joined where O3' of one's end is bonded to P
// of another's start, for files that follow neither.
std::vector<std::size_t> chain_order(std::span<const Nucleotide* const> residues);

}  // namespace flashrna
