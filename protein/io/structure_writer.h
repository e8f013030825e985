// Writes proteins as mmCIF or PDB, in the form of rna/io/structure_writer.h.
#pragma once

#include <string>

#include "protein/structure.h"

namespace flashrna {

// Errors as to_mmcif and to_pdb for RNA. Residues without a name get that of their type.
std::string to_mmcif(const ProteinStructure& structure);
std::string to_pdb(const ProteinStructure& structure);

}  // namespace flashrna
