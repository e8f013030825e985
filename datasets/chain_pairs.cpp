#include "datasets/chain_pairs.h"

#include "rna/nucleotide.h"
#include "rna/pairs/refined_base_pairs.h"

namespace flashrna {

std::vector<std::int32_t> base_pairs_of(std::vector<Nucleotide> nucleotides) {
  for (Nucleotide& nucleotide : nucleotides) {
    for (int slot = 0; slot < kAtomSlots; ++slot) {
      if (nucleotide.has(slot) && !(nucleotide.atoms[slot].cwiseAbs().maxCoeff() <= kFurthestCoordinate)) {
        nucleotide.atom_mask &= ~(1u << slot);
      }
    }
  }
  const std::vector<int> partners = refine_base_pairs(nucleotides);
  return {partners.begin(), partners.end()};
}

}  // namespace flashrna
