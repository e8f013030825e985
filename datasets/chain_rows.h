// Converts a chain to rows of /residues and back (proteins: datasets/protein_rows.h). Frames and torsions are computed
// from the atoms; all values are float32.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/dataset_records.h"
#include "rna/structure.h"

namespace flashrna {

// Throws Error naming the residue if a nucleotide has no frame, a coordinate that is not finite, or a name wider than
// the column.
ChainRows chain_rows(const Chain& chain);

// The nucleotides that the rows describe, with positions and B factors rounded to float32.
std::vector<Nucleotide> nucleotides_of(const ChainRows& rows);

// A stored entry as a structure: one chain, or several if the entry is an assembly.
Structure structure_of(const ChainRecord& record, const ChainRows& rows);

// The letter of ChainFeatures::nucleotide: A, C, G, U or N, or that of an amino acid.
char parent_letter(Polymer polymer, std::uint8_t type);

}  // namespace flashrna
