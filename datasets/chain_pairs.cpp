#include "datasets/chain_pairs.h"

#include <cstdlib>
#include <limits>

#include "rna/assembly.h"
#include "rna/nucleotide.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

std::vector<std::int32_t> base_pairs_of(const ChainFeatures& chain, std::span<const std::uint8_t> chain_in_structure) {
  const auto atoms_in = [&chain](int slot) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    constexpr double kFurthest = 1e6;  // Å; limit of rna/pairs
    std::vector<Vec3> atoms;
    for (std::size_t i = 0; i < static_cast<std::size_t>(chain.length); ++i) {
      const float* x = &chain.atom_positions[3 * (i * kAtomSlots + static_cast<std::size_t>(slot))];
      const Vec3 atom(x[0], x[1], x[2]);
      const bool there = (chain.atom_mask[i] >> slot & 1u) != 0 && atom.cwiseAbs().maxCoeff() <= kFurthest;
      atoms.push_back(there ? atom : Vec3(kMissing, kMissing, kMissing));
    }
    return atoms;
  };
  const std::vector<int> molecule(chain_in_structure.begin(), chain_in_structure.end());
  const std::vector<int> partners = find_base_pairs(atoms_in(kC1), atoms_in(kGlycosidicNitrogen), molecule);
  return {partners.begin(), partners.end()};
}

std::vector<std::vector<int>> partners_by_molecule(const ChainFeatures& chain) {
  const auto joins_next = [&](int i) {
    const auto at = static_cast<std::size_t>(i);
    return chain.residue_index[at + 1] - chain.residue_index[at] == kChainJoin;
  };
  std::vector<std::vector<int>> molecules;
  for (int first = 0, end = 0; first < chain.length; first = end) {
    end = first + 1;
    while (end < chain.length && !joins_next(end - 1)) ++end;
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
