// Writes structures as mmCIF or PDB, with 3 decimals in coordinates. Gaps are preserved: author numbers are written
// unchanged, and label_seq_id of mmCIF is the residue index from 1.
#pragma once

#include <span>
#include <string>

#include "rna/structure.h"

namespace flashrna {

// mmCIF text with _software, _exptl and resolution if known, _entity, _entity_poly (with the sequence only for chains
// without breaks), _struct_asym, _chem_comp and _atom_site. Throws Error for a coordinate that is not finite, and for
// an atom that does not belong to its base.
std::string to_mmcif(const Structure& structure);

// Several models of the same molecules in one mmCIF text, with their model numbers. Entry and method are those of the
// first. Throws Error if there is no model, or if chains or residues differ.
std::string models_to_mmcif(std::span<const Structure> models);

// PDB text. Throws Error for more than 9,999 residues or 99,999 atoms, a chain identifier longer than one character, a
// residue name longer than three, and a residue number or coordinate that does not fit its columns. The message
// recommends mmCIF.
std::string to_pdb(const Structure& structure);

}  // namespace flashrna
