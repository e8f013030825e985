// Corrects a sampled backbone together with its bases: relaxation.h, in which base atoms repel each other and the
// backbone, and paired bases form hydrogen bonds. Does not use torch.
#pragma once

#include <span>

#include "libfold/backbone/sampled_backbone.h"
#include "rna/nucleotide.h"

namespace flashrna {

class SymmetricCopies;

struct BaseRelaxation {
  std::span<const Base> bases;         // [L]; Base::N has no base atoms
  std::span<const int> partner;        // [L] base pairs, negative if unpaired; empty: none. As Design::partner
  std::span<const int> residue_index;  // [L]: i and i + 1 are bonded where it rises by 1
  std::span<const char> fixed;         // [L] residues that do not change where not 0; empty: none
  int rounds = 0;
  // If set, the backbone is the unit of these copies: contacts and pairs between copies count, and the copies move
  // together. On the CPU.
  const SymmetricCopies* copies = nullptr;
};

// Runs `rounds` steps of Adam on frames, torsions and chi of an RNA backbone of L residues. The energy is that of
// relaxation.h, with the pairs; plus the squared overlaps (Å^2) of the atoms of each base with all atoms of other
// residues; plus 4 (sqrt(1 + (d - d0)²) - 1) for each hydrogen bond of a canonical pair (hydrogen_bonds of
// rna/pairs/refined_base_pairs.h), d0 its length in Å.
//
// Returns the backbone unchanged if it has no named base or L < 2. Time and memory are linear in the residues of all
// copies. Throws Error if the backbone has no chi, and for spans of other lengths.
SampledBackbone relaxed_with_bases(const SampledBackbone& backbone, const BaseRelaxation& relaxation);

}  // namespace flashrna
