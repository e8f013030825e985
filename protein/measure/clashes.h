// Clashes of proteins: atoms N, CA, C, CB and O of different residues that are closer than their van der Waals radii
// allow.
#pragma once

#include <span>

#include "protein/residue.h"

namespace flashrna {

struct ProteinClashes {
  long pairs = 0;  // clashing pairs of atoms
  long atoms = 0;  // compared atoms present

  double per_100_atoms() const;  // 0 without atoms
};

// Two atoms of different residues clash at a distance of at most r_i + r_j - 0.6 Å with the radii of
// rna/measure/clash_radius.h. Between residues whose residue_index increases by 1, pairs one or two bonds apart do not
// count: C-N, CA-N, O-N and C-CA. The least distance of a hydrogen bond N-O, 2.6 Å, is no clash. Throws Error for a
// coordinate beyond 1e6 Å. Time and memory are linear in the number of residues.
ProteinClashes find_clashes(std::span<const ProteinResidue> residues);

}  // namespace flashrna
