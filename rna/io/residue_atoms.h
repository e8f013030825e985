// Converts one residue of a parsed file to a Nucleotide: selects one alternate location, assigns atoms to slots,
// determines the parent base.
#pragma once

#include <string>

#include "rna/nucleotide.h"
#include "rna/parent_nucleotide.h"

namespace gemmi {
struct Residue;
}

namespace flashrna {

struct ObservedResidue {
  ResidueKind kind = ResidueKind::kUnknown;
  Nucleotide nucleotide;        // filled for RNA and DNA; base N for DNA
  bool often_ligand = false;    // the name is unknown or also that of a free ligand
  bool has_alternates = false;  // some atom has an alternate location
  bool is_mirror = false;       // the name denotes L-RNA
  bool has_2_prime = false;     // O2', or F, N, S, ... in its place in a modified RNA
  float mean_occupancy = 1.0f;  // of the atoms taken
  int sequence_position = 0;    // position in the full sequence of the polymer, from 1; 0 if unknown
};

// `identity` is derived from the residue's name. If it is unknown, or for UNK, a complete ribose makes a nucleotide
// (RNA if O2', or F2', N2', ... in its place, is present) and the base atoms determine the parent. A modified
// nucleotide with a DNA name is RNA if it has such an atom. `conformers` selects the alternate location
// (rna/io/conformation.h).
ObservedResidue observe_residue(const gemmi::Residue& residue, const ResidueIdentity& identity,
                                const std::string& conformers = {});

}  // namespace flashrna
