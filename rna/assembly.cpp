#include "rna/assembly.h"

#include <limits>

#include "base/error.h"

namespace flashrna {

Chain join_chains(std::span<const Chain> chains) {
  Chain joined;
  joined.molecule_kind = chains.front().molecule_kind;
  int offset = 0;
  for (std::size_t k = 0; k < chains.size(); ++k) {
    const Chain& chain = chains[k];
    joined.id += (k > 0 ? "," : "") + chain.id;
    if (chain.molecule_kind != "RNA") joined.molecule_kind = chain.molecule_kind;
    joined.n_without_frame += chain.n_without_frame;
    joined.n_modified += chain.n_modified;
    if (!joined.nucleotides.empty()) offset = joined.nucleotides.back().residue_index + kChainJoin;
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      if (nucleotide.residue_index > std::numeric_limits<int>::max() - kChainJoin - offset) {
        fail("the residue numbers of {} chains together go beyond {}", chains.size(), std::numeric_limits<int>::max());
      }
      joined.nucleotides.push_back(nucleotide);
      joined.nucleotides.back().residue_index += offset;
      joined.nucleotides.back().chain_in_structure = static_cast<int>(k);
    }
  }
  return joined;
}

}  // namespace flashrna
