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
  Base base = Base::N;        // for RNA
  bool often_ligand = false;  // also common as a free ligand (GTP, ATP, ...): no proof of a polymer by itself
  bool is_mirror = false;     // L-RNA, the mirror image of natural RNA
};

// PDB names are upper case. Other names are looked up unchanged, then in upper case: "rA" is RA. The names of standard
// RNA are A, C, G, U, I and N.
ResidueIdentity identify_residue(const std::string& name);

// Whether the name denotes an unmodified RNA nucleotide in any program: A, ADE, RA, RA5, A3, rA, a, ...
bool is_unmodified_name(std::string_view name);

// Whether the base is attached by C5, as in pseudouridine.
bool is_c_nucleoside(std::string_view name);

}  // namespace flashrna
