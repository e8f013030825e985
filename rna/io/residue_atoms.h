// From one residue of a parsed file to a Nucleotide: one alternate location, atoms by slot, parent base.
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
  bool often_ligand = false;    // the name is also that of a free ligand, or one we do not know
  bool has_alternates = false;  // some atom has an alternate location
  bool is_mirror = false;       // the name is one of L-RNA
  bool has_2_prime = false;     // O2', or in its place F, N, S, ... of a modified RNA
  float mean_occupancy = 1.0f;  // of the atoms taken
  int sequence_position = 0;    // in the polymer's full sequence, from 1; 0 if not known
};

// `identity` is what the residue's name says; where it says nothing, or UNK, a complete ribose makes a nucleotide (RNA
// if O2', or F2', N2', ... in its place, is there) and the base atoms tell the parent. A modified nucleotide whose name
// is one of DNA is RNA if it has those. Of the alternate locations the first one in `conformers` (rna/io/conformers.h),
// else the one with the highest mean occupancy, is taken for the whole residue; others are added only if they share no
// atom with it.
ObservedResidue observe_residue(const gemmi::Residue& residue, const ResidueIdentity& identity,
                                const std::string& conformers = {});

}  // namespace flashrna
