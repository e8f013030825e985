// The residues of a chain as the algorithms of this room see them, whatever the polymer: their numbers in the file, and
// the bonds between them.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace flashrna {

struct ResidueNumber {
  int seq_id = 0;  // author's number
  char insertion_code = ' ';

  auto operator<=>(const ResidueNumber&) const = default;
};

// Of two positions in a chain.
using BondTest = std::function<bool(std::size_t previous, std::size_t next)>;

struct LinkedResidues {
  std::vector<ResidueNumber> numbers;
  BondTest linked;  // whether the atoms of the link, O3'-P or C-N, are present and within its length
  BondTest bonded;  // the same; where one of the two atoms is missing, whether the residues are near enough
};

// The two atoms that link a residue to the next one, and the longest distance between bonded ones.
struct LinkAtoms {
  std::string_view end, old_end;  // of the former residue: its name, and the one before 2007
  std::string_view start;         // of the latter
  double longest;                 // Å
};

}  // namespace flashrna
