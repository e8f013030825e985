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

// What the file itself says about its modified residues (_chem_comp, _pdbx_struct_mod_residue, MODRES): it goes before
// our own tables.
using FileResidues = std::unordered_map<std::string, ResidueIdentity>;

// Appends the chains of `model`, a model of `parsed`, to `structure`: to `chains` those with at least one RNA
// nucleotide that has a frame, to `rejected` all others. In order of first appearance. Molecules that the file stores
// under one identifier (rna/io/molecules.h) are chains of their own: "A", "A-2".
void append_chains(const gemmi::Structure& parsed, const gemmi::Model& model, const FileResidues& file_residues,
                   Structure& structure);

}  // namespace flashrna
