#include "datasets/chain_pairs.h"

#include <limits>

#include "rna/cell_list.h"
#include "rna/nucleotide.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {

std::vector<std::int32_t> base_pairs_of(const ChainFeatures& chain, std::span<const std::uint8_t> chain_in_structure) {
  const auto atoms_in = [&chain](int slot) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    std::vector<Vec3> atoms;
    for (std::size_t i = 0; i < static_cast<std::size_t>(chain.length); ++i) {
      const float* x = &chain.atom_positions[3 * (i * kAtomSlots + static_cast<std::size_t>(slot))];
      const Vec3 atom(x[0], x[1], x[2]);
      const bool there = (chain.atom_mask[i] >> slot & 1u) != 0 && atom.cwiseAbs().maxCoeff() <= kFurthestCoordinate;
      atoms.push_back(there ? atom : Vec3(kMissing, kMissing, kMissing));
    }
    return atoms;
  };
  const std::vector<int> molecule(chain_in_structure.begin(), chain_in_structure.end());
  const std::vector<int> partners = find_base_pairs(atoms_in(kC1), atoms_in(kGlycosidicNitrogen), molecule);
  return {partners.begin(), partners.end()};
}

}  // namespace flashrna
