// Finds the proteins among the residues of a parsed model and turns them into chains.
#pragma once

#include "protein/structure.h"
#include "rna/io/parsed_model.h"

namespace flashrna {

// Appends the chains of the model to `structure`: those of two or more amino acids of which one has a frame to
// `chains`, all others to `rejected`. The order is that of first appearance. Molecules that the file stores under one
// identifier (rna/io/molecules.h) become separate chains: "A", "A-2".
void append_protein_chains(const ParsedModel& parsed, ProteinStructure& structure);

}  // namespace flashrna
