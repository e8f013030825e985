// Computes base pairs of a stored chain from its C1' atoms and glycosidic nitrogens (rna/pairs/base_pairs.h). The
// writer stores them in /residues/partner; the reader computes them for datasets of version 1, which lack that column.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

// Value of the attribute `rule` of /residues/partner.
inline constexpr const char* kStoredPairRule =
    "C1' and N9/N1 alone: N-N 8.2-9.8 A, C1'-C1' 9.6-11.4 A, angles 42-72 degrees, torsion below 45 degrees";

// [L] position of the partner, -1 if unpaired. Time is linear in the length. Needs atom_positions and atom_mask.
// `chain_in_structure`: [L], one molecule per value; empty: one molecule. An atom beyond 1e6 Å counts as missing.
std::vector<std::int32_t> base_pairs_of(const ChainFeatures& chain,
                                        std::span<const std::uint8_t> chain_in_structure = {});

// The stored partners of each molecule of a chain or an assembly, which ends where the residue index jumps as at the
// join of two chains. Positions are those in the molecule. Partners in another molecule, unknown ones, and those closer
// than kShortestPairSpan become -1. Needs residue_index and partner.
std::vector<std::vector<int>> partners_by_molecule(const ChainFeatures& chain);

}  // namespace flashrna
