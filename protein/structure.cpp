#include "protein/structure.h"

#include <cstdint>
#include <limits>

#include "base/error.h"
#include "rna/assembly.h"
#include "rna/frame.h"

namespace flashrna {

bool ProteinResidue::has_frame() const {
  return has(kN) && has(kCA) && has(kC) && spans_frame(atom(kN), atom(kCA), atom(kC));
}

std::string ProteinChain::sequence() const {
  std::string letters;
  letters.reserve(residues.size());
  for (const ProteinResidue& residue : residues) letters += amino_acid_letter(residue.type);
  return letters;
}

int ProteinChain::n_breaks() const {
  int breaks = 0;
  for (std::size_t i = 1; i < residues.size(); ++i) {
    breaks += residues[i].residue_index != residues[i - 1].residue_index + 1;
  }
  return breaks;
}

ProteinChain join_protein_chains(const std::vector<ProteinChain>& chains) {
  ProteinChain joined;
  std::int64_t offset = 0;
  for (std::size_t k = 0; k < chains.size(); ++k) {
    const ProteinChain& chain = chains[k];
    joined.id += (k > 0 ? "," : "") + chain.id;
    joined.n_without_frame += chain.n_without_frame;
    joined.n_modified += chain.n_modified;
    if (!joined.residues.empty()) offset = std::int64_t{joined.residues.back().residue_index} + kChainJoin;
    for (const ProteinResidue& residue : chain.residues) {
      if (offset + residue.residue_index > std::numeric_limits<int>::max()) {
        fail("the residue numbers of {} chains together go beyond {}", chains.size(), std::numeric_limits<int>::max());
      }
      joined.residues.push_back(residue);
      joined.residues.back().residue_index = static_cast<int>(offset + residue.residue_index);
      joined.residues.back().chain_in_structure = static_cast<int>(k);
    }
  }
  return joined;
}

}  // namespace flashrna
