// Joins several chains to one entry (an assembly).
#pragma once

#include <span>

#include "rna/structure.h"

namespace flashrna {

// Increase of residue_index from the last nucleotide of a chain to the first of the next. It exceeds the largest offset
// that the network distinguishes (±64 in libfold/nn/edge_embedder.cpp), so that no residue of another molecule looks
// like a neighbor along the chain, and every gap of fewer than 200 missing residues.
inline constexpr int kChainJoin = 201;

// Concatenates the chains: id "A,B,C"; chain_in_structure 0, 1, 2, ...; residue_index increases by kChainJoin at each
// join, so that each join counts as a break; counts are summed. Needs at least one chain. Throws Error if an index
// would exceed int, as the numbering of a damaged file may cause.
Chain join_chains(std::span<const Chain> chains);

}  // namespace flashrna
