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
  std::string segment;          // information from the file: adjacent nucleotides differ where a molecule may end
  bool has_alternates = false;  // a repeated number is then not a restart of the numbering
};

// The number of the molecule of every nucleotide, in file order, from 0 in order of appearance. A molecule ends where
// `segment` changes or the numbering restarts (with a number that this molecule already has, or with a run below all of
// its numbers), unless O3'-P of 2.5 Å or less bonds the two parts. Within a segment, if O3' or P is missing, the C4'
// distance of adjacent nucleotides decides whether they are bonded (rna/residue_index.h).
std::vector<std::size_t> molecules_of(std::span<const SegmentedNucleotide> nucleotides);

}  // namespace flashrna
