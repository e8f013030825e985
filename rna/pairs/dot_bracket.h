// A secondary structure as one line of text, one character per nucleotide. `.`: unpaired. `()`, `[]`, `{}`, `<>`, `Aa`
// to `Zz`: pairs, one kind of bracket for each pseudoknot order. `?`: unspecified. `&`: separates molecules. `*`:
// separates the copies of a symmetric assembly.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rna/pairs/secondary_structure.h"

namespace flashrna {

struct SecondaryStructureRecord {
  std::string name;           // single-line; empty if the text has none
  std::string sequence;       // [L] letters; empty if the text has none
  std::vector<int> partner;   // [L], kUnpaired, kUnspecified
  std::vector<int> molecule;  // [L], 0 for the first molecule, 1 for the next, ...
  int copies = 1;             // of L / copies nucleotides each, with as many molecules of the same lengths
};

// Parses one dot-bracket string without name and sequence. Errors begin with `source` and name the character, counted
// from 1. Throws Error if a bracket is unmatched, if two paired nucleotides are closer than kShortestPairSpan, for an
// unknown character, for an empty molecule, and for copies of different lengths.
SecondaryStructureRecord parse_dot_bracket(std::string_view text, std::string_view source);

// Whether `text` has characters of this notation only, and not just letters and points, as words and file names have.
// Does not check the brackets.
bool is_dot_bracket(std::string_view text);

// `partner`, `molecule`: as for describe_secondary_structure, whose orders determine the brackets. Throws Error as
// check_partners does, and if pseudoknots need more than the 30 kinds of brackets. `copies` as in the record.
std::string to_dot_bracket(std::span<const int> partner, std::span<const int> molecule = {}, int copies = 1);

}  // namespace flashrna
