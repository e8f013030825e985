// Clashes of backbones: atoms of different residues that are closer than their van der Waals radii allow.
#pragma once

#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct Clashes {
  long pairs = 0;            // clashing pairs of atoms
  long published_pairs = 0;  // the same, excluding only O3'-P between bonded neighbors
  long atoms = 0;            // compared atoms present

  double per_100_atoms() const;  // of `pairs`; 0 without atoms
  double published_per_100_atoms() const;
};

// The distance (Å) at which two backbone atoms clash: r_a + r_b - 0.6. Arguments are slots; the glycosidic atom is a
// nitrogen.
double closest_without_clash(int slot, int other_slot);

// Whether the atom `slot` of a nucleotide is one or two bonds from `next_slot` of the nucleotide bonded to its 3' side.
bool near_by_bonds(int slot, int next_slot);

// Atoms that find_clashes compares: the 13 backbone atoms, or all heavy atoms.
enum class ClashAtoms { kBackbone, kAll };

// Clashes among the atoms of every nucleotide. Two atoms of different nucleotides clash at a distance of at
// most r_i + r_j - 0.6 Å, with r = 1.70 (C), 1.55 (N), 1.52 (O), 1.80 Å (P). Between nucleotides whose residue_index
// increases by 1, pairs separated by one or two bonds do not count: O3'-P, C3'-P and O3' with OP1, OP2, O5'. Throws
// Error for a coordinate beyond 1e6 Å. Time and memory are linear in the number of nucleotides. Hydrogen bonds of base
// pairs (2.6 Å and longer) do not count.
Clashes find_clashes(std::span<const Nucleotide> nucleotides, ClashAtoms compared = ClashAtoms::kBackbone);

}  // namespace flashrna
