#include "datasets/chain_pairs.h"

#include <limits>

#include "rna/nucleotide.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {

std::vector<std::int32_t> base_pairs_of(const ChainFeatures& chain) {
  const auto atoms_in = [&chain](int slot) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    std::vector<Vec3> atoms;
    for (std::size_t i = 0; i < static_cast<std::size_t>(chain.length); ++i) {
      const float* x = &chain.atom_positions[3 * (i * kAtomSlots + static_cast<std::size_t>(slot))];
      const bool there = (chain.atom_mask[i] >> slot & 1u) != 0;
      atoms.push_back(there ? Vec3(x[0], x[1], x[2]) : Vec3(kMissing, kMissing, kMissing));
    }
    return atoms;
  };
  const std::vector<int> partners = find_base_pairs(atoms_in(kC1), atoms_in(kGlycosidicNitrogen));
  return {partners.begin(), partners.end()};
}

}  // namespace flashrna
