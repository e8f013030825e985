#include "rna/structure.h"

namespace flashrna {

std::string Chain::sequence() const {
  std::string letters;
  letters.reserve(nucleotides.size());
  for (const Nucleotide& nucleotide : nucleotides) letters += base_letter(nucleotide.base);
  return letters;
}

int Chain::n_breaks() const {
  int breaks = 0;
  for (std::size_t i = 1; i < nucleotides.size(); ++i) {
    breaks += nucleotides[i].residue_index != nucleotides[i - 1].residue_index + 1;
  }
  return breaks;
}

}  // namespace flashrna
