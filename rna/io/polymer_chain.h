// Finds the RNA polymers among the residues of a parsed model and turns them into chains.
#pragma once

#include <string>
#include <unordered_map>

#include "rna/parent_nucleotide.h"
#include "rna/structure.h"

namespace gemmi {
struct Structure;
struct Model;
}  // namespace gemmi

namespace flashrna {

// Modified residues declared in the file (_chem_comp, _pdbx_struct_mod_residue, MODRES). They take precedence over the
// built-in tables.
using FileResidues = std::unordered_map<std::string, ResidueIdentity>;

// Appends the chains of `model`, a model of `parsed`, to `structure`: chains with at least one RNA nucleotide that has
// a frame to `chains`, all others to `rejected`. The order is that of first appearance. Molecules that the file stores
// under one identifier (rna/io/molecules.h) become separate chains: "A", "A-2".
void append_chains(const gemmi::Structure& parsed, const gemmi::Model& model, const FileResidues& file_residues,
                   Structure& structure);

}  // namespace flashrna
