// Clashes of backbones: atoms of different residues that come closer than their van der Waals radii allow.
#pragma once

#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct Clashes {
  long pairs = 0;            // of atoms that clash
  long published_pairs = 0;  // the same where of all bonded neighbors O3'-P alone is let through
  long atoms = 0;            // backbone atoms that are there

  double per_100_atoms() const;  // of `pairs`; 0 where there is no atom
  double published_per_100_atoms() const;
};

// The distance of two backbone atoms (slots, the glycosidic one a nitrogen) at which they clash: r_a + r_b - 0.6 Å.
double closest_without_clash(int slot, int other_slot);

// Whether the atom `slot` of a nucleotide and `next_slot` of the one bonded to its 3' side are one or two bonds apart.
bool near_by_bonds(int slot, int next_slot);

// Over the 13 backbone atoms of every nucleotide: two atoms of different nucleotides clash at a distance of at most
// r_i + r_j - 0.6 Å, r = 1.70 (C), 1.55 (N), 1.52 (O), 1.80 Å (P). Across the bond between nucleotides whose
// residue_index rises by 1 the pairs at one or two bonds' distance do not count: O3'-P, C3'-P and O3' with OP1, OP2,
// O5'. Throws Error for a coordinate beyond 1e6 Å. Time and memory linear in the number of nucleotides.
Clashes find_clashes(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
