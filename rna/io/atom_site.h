// Completes the atoms of an mmCIF file: derives values that programs omit from _atom_site.
#pragma once

#include <string>

namespace gemmi::cif {
struct Block;
struct Document;
}  // namespace gemmi::cif

namespace flashrna {

// The data block with the atoms: the only one with _atom_site, at any position; the first block if none has it. Throws
// Error that names the blocks if several have it.
gemmi::cif::Block& block_of_atoms(gemmi::cif::Document& document, const std::string& name);

// Fills the columns of _atom_site that gemmi needs where they are absent, "." or "?": in each pair auth_/label_ (asym,
// seq, comp, atom) the missing one from the other, the model as 1, the element from the atom's name, the occupancy as
// 1, and numbers of residues without one. Chains of one auth_asym_id that share residue numbers and names get
// auth_asym_id of their own, and ids that do not increase are replaced by the numbers of the rows. Throws Error naming
// `name` and the atom for a coordinate that is not a number (an unknown one is kept), and for a column that cannot be
// derived.
void complete_atom_site(gemmi::cif::Block& block, const std::string& name);

}  // namespace flashrna
