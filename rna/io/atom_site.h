// The atoms of an mmCIF file made complete: what programs leave out of _atom_site and can be told from the rest.
#pragma once

#include <string>

namespace gemmi::cif {
struct Block;
struct Document;
}  // namespace gemmi::cif

namespace flashrna {

// The data block that holds the atoms: the only one with _atom_site, wherever it stands; the first one if none has it.
// Throws Error naming them if several have it.
gemmi::cif::Block& block_of_atoms(gemmi::cif::Document& document, const std::string& name);

// Fills the columns of _atom_site that gemmi needs, where they are absent, "." or "?": of each pair auth_/label_ (asym,
// seq, comp, atom) the other one, the model 1, the element from the atom's name, an occupancy of 1, numbers of residues
// that have none. Throws Error naming `name` and the atom for a coordinate that is not a number (one that is unknown
// stays), and for a column that nothing can be derived from.
void complete_atom_site(gemmi::cif::Block& block, const std::string& name);

}  // namespace flashrna
