// The molecules that a file stores under one chain identifier.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

struct SegmentedNucleotide {
  const Nucleotide* nucleotide;
  std::string segment;          // what the file says about it: successive ones differ where a molecule may end
  bool has_alternates = false;  // the same number again is no restart
};

// For every nucleotide, in the file's order, the number of its molecule, from 0 in the order of appearance. A molecule
// ends where `segment` changes or the numbers begin again (one that this molecule has, or a run below all of them),
// unless O3'-P of 2.5 Å or less joins the two parts; within a segment their neighbors may also be bonded by the
// distance of their C4', where O3' or P is missing (rna/residue_index.h).
std::vector<std::size_t> molecules_of(std::span<const SegmentedNucleotide> nucleotides);

}  // namespace flashrna
