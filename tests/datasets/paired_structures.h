// Structures with known base pairs: bonded chains of ideal geometry, with C1' and N moved to the positions of pairs.
// The other base atoms of moved nucleotides are removed, so that both rules of pairs agree.
#pragma once

#include <string>

#include "tests/datasets/example_structures.h"
#include "tests/rna/pairs/synthetic_pairs.h"

namespace flashrna {

// One hairpin of 30 nt: helices of four and of three pairs separated by a bulge, and a loop of eleven.
inline constexpr const char* kPairedHairpin = "..((((.(((...........)))))))..";

inline Structure paired_hairpin(const std::string& entry) {
  Structure structure = example_structure(entry, {30});
  PairAtoms atoms(30);
  place_helix(atoms, 2, 27, 4, Vec3(300.0, 0.0, 0.0));
  place_helix(atoms, 7, 23, 3, Vec3(-300.0, 0.0, 0.0));
  for (std::size_t i = 0; i < 30; ++i) {
    if (atoms.c1[i].hasNaN()) continue;
    Nucleotide& nucleotide = structure.chains[0].nucleotides[i];
    nucleotide.set(kC1, atoms.c1[i]);
    nucleotide.set(kGlycosidicNitrogen, atoms.n[i]);
    nucleotide.atom_mask &= (2u << kGlycosidicNitrogen) - 1;
  }
  return structure;
}

}  // namespace flashrna
