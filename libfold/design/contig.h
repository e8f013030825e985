// The contig of a design: which residues of a motif file it contains, and how many new ones lie between them (the
// notation of RFdiffusion, Watson et al. 2023, doi:10.1038/s41586-023-06415-8).
//   10-20,A23-41,5-10,B3-9,10-20
//   12, 10-20         new residues: a number, or a range from which each sample draws one
//   A23-41, A23       residues of the motif file, both ends included: chain and author's numbers
//   A20A-21, A-3-5    with insertion codes and negative numbers
//   B-2:3-9           a chain whose identifier has other characters than letters
//   /0                the next molecule begins
// Items are separated by commas or white space; /0 may follow an item directly.
#pragma once

#include <climits>
#include <compare>
#include <string>
#include <vector>

namespace flashrna {

// A residue's number in its file.
struct AuthorNumber {
  int number = 0;
  char insertion_code = ' ';

  auto operator<=>(const AuthorNumber&) const = default;
  std::string text() const;  // "20A"
};

struct ContigItem {
  std::string text;   // as written
  int character = 0;  // of the contig at which it begins, from 1
  int molecule = 0;   // from 0
  std::string chain;  // of the motif file; "" = new residues
  AuthorNumber first, last;
  int least = 0, most = 0;  // number of new residues; least may be 0

  bool is_motif() const { return !chain.empty(); }
};

// Throws UsageError that names the character for text that is no item, a range whose end precedes its beginning, and a
// molecule without residues or for which none may be drawn.
std::vector<ContigItem> parse_contig(const std::string& text);

// Bounds of the total number of residues.
struct LengthBounds {
  int least = 1, most = INT_MAX;
};

// "62-80", or "70"; "" = no bounds. Throws UsageError.
LengthBounds parse_length_bounds(const std::string& text);

}  // namespace flashrna
