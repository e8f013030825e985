// What a residue's name says: RNA with which parent base, DNA, amino acid, water, or nothing we know.
// Knows the Chemical Component Dictionary's common names, and those of AMBER and CHARMM. A file's own records about its
// modified residues go first: see rna/io/polymer_chain.h.
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
};

// Names are case-sensitive; those of standard RNA are A, C, G, U, I and N.
ResidueIdentity identify_residue(const std::string& name);

// Whether the base hangs on C5, as in pseudouridine.
bool is_c_nucleoside(std::string_view name);

}  // namespace flashrna
