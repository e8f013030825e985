// Converts a protein chain to rows of /residues and back, as datasets/chain_rows.h does for RNA. Frames and psi are
// computed from the atoms; all values are float32.
#pragma once

#include <vector>

#include "datasets/dataset_records.h"
#include "protein/structure.h"

namespace flashrna {

// Throws Error naming the residue if it has no frame, a coordinate that is not finite, or a name wider than the column.
ChainRows chain_rows(const ProteinChain& chain);

// The residues that the rows describe, with positions and B factors rounded to float32.
std::vector<ProteinResidue> protein_residues_of(const ChainRows& rows);

// A stored entry as a structure: one chain, or several if the entry is an assembly.
ProteinStructure protein_structure_of(const ChainRecord& record, const ChainRows& rows);

}  // namespace flashrna
