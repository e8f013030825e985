// A secondary structure as one line of text, one character a nucleotide: `.` unpaired; `()`, `[]`, `{}`, `<>`, `Aa` to
// `Zz` pairs, one kind for each order of pseudoknots; `?` nothing is said; `&` between molecules.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rna/pairs/secondary_structure.h"

namespace flashrna {

struct SecondaryStructureRecord {
  std::string name;           // of one line; empty where the text has none
  std::string sequence;       // [L] letters, empty where the text has none
  std::vector<int> partner;   // [L], kUnpaired, kNotSaid
  std::vector<int> molecule;  // [L], 0 for the first molecule, 1 for the next, ...
};

// One dot-bracket string, without name and sequence. `source` is what errors begin with: they name the character, from
// 1, where a bracket closes nothing or is never closed, where two nucleotides of a pair are closer than
// kShortestPairSpan, where a character is unknown, and where a molecule is empty.
SecondaryStructureRecord parse_dot_bracket(std::string_view text, std::string_view source);

// `partner`, `molecule`: as of describe_secondary_structure, whose orders choose the brackets. Throws Error as
// check_partners does, and where pseudoknots are nested deeper than the 30 kinds of brackets.
std::string to_dot_bracket(std::span<const int> partner, std::span<const int> molecule = {});

}  // namespace flashrna
