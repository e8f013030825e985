// The molecules that a file stores under one chain identifier.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rna/io/residue_links.h"

namespace flashrna {

struct Segment {
  std::string name;             // information from the file: adjacent residues differ where a molecule may end
  bool has_alternates = false;  // a repeated number is then not a restart of the numbering
};

// The number of the molecule of every residue, in file order, from 0 in order of appearance. A molecule ends where
// the segment changes or the numbering restarts (with a number that this molecule already has, or with a run below all
// of its numbers), unless a link joins the two parts. Within a segment, if an atom of the link is missing, the distance
// of adjacent residues decides whether they are bonded. `segments`: of every residue.
std::vector<std::size_t> molecules_of(const LinkedResidues& residues, std::span<const Segment> segments);

}  // namespace flashrna
