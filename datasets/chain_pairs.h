// Base pairs as /residues/partner stores them, and the rules by which they are found.
#pragma once

#include <cstdint>
#include <vector>

#include "datasets/dataset_records.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Values of the attribute `rule` of /residues/partner. Files of other programs may have others.
inline constexpr const char* kWholeBasePairRule =
    "hydrogen bonds of whole bases (donor to acceptor at most 3.5 A), C1' and N9/N1 alone where a base is incomplete";
inline constexpr const char* kTwoAtomPairRule =
    "C1' and N9/N1 alone: N-N 8.2-9.8 A, C1'-C1' 9.6-11.4 A, angles 42-72 degrees, torsion below 45 degrees";

// [L] position of the partner, -1 if unpaired, by kWholeBasePairRule (rna/pairs/refined_base_pairs.h). Nucleotides with
// equal chain_in_structure form a molecule. An atom beyond 1e6 Å counts as missing. Time is linear in the length.
std::vector<std::int32_t> base_pairs_of(std::vector<Nucleotide> nucleotides);

// The stored partners of each molecule of a chain or an assembly. Positions are those in the molecule. Partners in
// another molecule, unknown ones, and those closer than kShortestPairSpan become -1. Needs partner and, of an assembly,
// chain_in_structure.
std::vector<std::vector<int>> partners_by_molecule(const ChainFeatures& chain);

}  // namespace flashrna
