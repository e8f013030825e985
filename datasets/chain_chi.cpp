#include "datasets/chain_chi.h"

#include "base/error.h"
#include "rna/chi.h"

namespace flashrna {

std::vector<float> chi_of_chain(const ChainFeatures& chain, std::span<const std::string> residue_name) {
  const auto length = static_cast<std::size_t>(chain.length);
  if (residue_name.size() != length) fail("chi of {} residues: {} names are given", length, residue_name.size());
  std::vector<float> values;
  values.reserve(2 * length);
  for (std::size_t i = 0; i < length; ++i) {
    Nucleotide nucleotide;
    nucleotide.base = static_cast<Base>(chain.nucleotide[i]);
    nucleotide.name = residue_name[i];
    nucleotide.atom_mask = chain.atom_mask[i];
    const float* x = &chain.atom_positions[3 * kAtomSlots * i];
    for (int slot = 0; slot < kAtomSlots; ++slot, x += 3) nucleotide.atoms[slot] = Vec3(x[0], x[1], x[2]);
    const auto chi = chi_of(nucleotide).value_or(std::array<double, 2>{0.0, 0.0});
    values.push_back(static_cast<float>(chi[0]));
    values.push_back(static_cast<float>(chi[1]));
  }
  return values;
}

}  // namespace flashrna
