// Peptides of ideal geometry with given torsions.
#pragma once

#include <string>
#include <vector>

#include "protein/structure.h"
#include "tests/rna/pdb_lines.h"

namespace flashrna {

// A bonded chain numbered from 1, all residues with the torsions phi and psi (degrees) and trans peptide bonds of the
// lengths and angles of protein/backbone.h. `letters`: the 20, or X for UNK. Glycine has no CB.
ProteinChain synthetic_peptide(const std::string& id, const std::string& letters, double phi = -57.0,
                               double psi = -47.0);

// Its residues as lines of a PDB file.
std::vector<Lines> lines_of_peptide(const ProteinChain& chain);

}  // namespace flashrna
