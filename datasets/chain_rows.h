// A chain as rows of /residues and back: frames and torsions computed from the atoms, everything rounded to float32.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/dataset_records.h"
#include "rna/structure.h"

namespace flashrna {

// Throws Error naming the residue if a nucleotide has no frame, a coordinate that is not finite, or a name that is
// wider than the column.
ChainRows chain_rows(const Chain& chain);

// The nucleotides that the rows describe; positions and B factors are rounded to float32.
std::vector<Nucleotide> nucleotides_of(const ChainRows& rows);

// A stored entry as a structure again: one chain, or several where it is an assembly.
Structure structure_of(const ChainRecord& record, const ChainRows& rows);

}  // namespace flashrna
