// Classifies a residue by its name: RNA with a parent base, DNA, amino acid, water, or unknown. Knows the common names
// of the Chemical Component Dictionary, AMBER and CHARMM. A file's own records of modified residues take precedence:
// see rna/io/polymer_chain.h.
#pragma once

#include <string>
#include <string_view>

#include "rna/nucleotide.h"

namespace flashrna {

enum class ResidueKind { kRna, kDna, kAminoAcid, kWater, kUnknown };

struct ResidueIdentity {
  ResidueKind kind = ResidueKind::kUnknown;
  Base base = Base::N;        // parent base, if RNA
  bool often_ligand = false;  // also a common free ligand (GTP, ATP, ...): the name alone does not prove a polymer
};

// Names are case-sensitive. The names of standard RNA are A, C, G, U, I and N.
ResidueIdentity identify_residue(const std::string& name);

// Whether C1' is bonded to C5, as in pseudouridine.
bool is_c_nucleoside(std::string_view name);

}  // namespace flashrna
