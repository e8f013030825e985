// Several chains as one entry: an assembly.
#pragma once

#include <span>

#include "rna/structure.h"

namespace flashrna {

// From the last nucleotide of a chain to the first of the next, residue_index rises by this much: further than any
// positional encoding mistakes for a neighbour.
inline constexpr int kChainJoin = 201;

// The chains one after the other: id "A,B,C", chain_in_structure 0, 1, 2, ..., residue_index rising by kChainJoin at
// each join (so each counts as a break), all counts summed. At least one chain.
// Throws Error where the indices would go beyond int, as the numbering of a damaged file may.
Chain join_chains(std::span<const Chain> chains);

}  // namespace flashrna
