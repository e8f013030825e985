#include "datasets/chain_pairs.h"

#include <cstdlib>

#include "rna/cell_list.h"
#include "rna/nucleotide.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/refined_base_pairs.h"
#include "rna/pairs/secondary_structure.h"

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

std::vector<std::vector<int>> partners_by_molecule(const ChainFeatures& chain) {
  const auto molecule_of = [&](int i) {
    return chain.chain_in_structure.empty() ? 0 : chain.chain_in_structure[static_cast<std::size_t>(i)];
  };
  std::vector<std::vector<int>> molecules;
  for (int first = 0, end = 0; first < chain.length; first = end) {
    end = first + 1;
    while (end < chain.length && molecule_of(end) == molecule_of(first)) ++end;
    std::vector<int>& partner = molecules.emplace_back();
    for (int i = first; i < end; ++i) {
      const int j = chain.partner[static_cast<std::size_t>(i)];
      const bool kept = j >= first && j < end && std::abs(j - i) >= kShortestPairSpan;
      partner.push_back(kept ? j - first : kUnpaired);
    }
  }
  return molecules;
}

}  // namespace flashrna
