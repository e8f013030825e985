// Writes structures as mmCIF or PDB, coordinates to 3 decimals. Gaps stay: author's numbers are written as they are,
// and mmCIF's label_seq_id is the residue index from 1.
#pragma once

#include <span>
#include <string>

#include "base/atomic_file.h"
#include "rna/structure.h"

namespace flashrna {

// mmCIF text with _software, _exptl and resolution where known, _entity, _entity_poly (the sequence only of a chain
// without breaks), _struct_asym, _chem_comp and _atom_site. Throws Error for a coordinate that is not finite, and for
// an atom that its base does not have.
std::string to_mmcif(const Structure& structure);

// Several models of the same molecules in one mmCIF text, numbered as they say; the first one's entry and method.
// Throws Error if there is none, or if chains or residues differ.
std::string models_to_mmcif(std::span<const Structure> models);

// PDB text. Throws Error past 9,999 residues, 99,999 atoms or for a chain identifier longer than one
// character, a residue name longer than three, a residue number or a coordinate that does not fit its columns, naming
// mmCIF as the way out.
std::string to_pdb(const Structure& structure);

}  // namespace flashrna
