// Secondary structure derived from base pairs: stems, loops, and pseudoknots (pairs that cross others). The input is
// the partner of each nucleotide, either detected (rna/pairs/base_pairs.h) or requested
// (rna/pairs/secondary_structure_file.h). Does not use coordinates or letters.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flashrna {

// Replaces a partner, which is a position from 0.
inline constexpr int kUnpaired = -1;
inline constexpr int kUnspecified = -2;  // unknown or unspecified; counts as unpaired wherever pairs are counted

// Stacked pairs (i, j), (i+1, j-1), ... without a gap on either side and without the end of a molecule in between.
// Maximal; may be a single pair. A stem of two or more pairs is a helix.
struct Stem {
  int i, j;     // outermost pair, i < j
  int n_pairs;  // >= 1
  int order;    // 0: in the nested structure; 1, 2, ...: pseudoknot order, see SecondaryStructure

  bool is_helix() const { return n_pairs >= 2; }
};

// kExterior: positions that no pair encloses, and every loop that contains the end of a molecule.
enum class LoopKind { kHairpin, kBulge, kInterior, kMultiloop, kExterior };

std::string_view loop_name(LoopKind kind);  // "hairpin", ...

struct LoopStrand {
  int first, length;  // unpaired positions first, first + 1, ...; length may be 0
};

// Loops are those of the nested structure. Nucleotides paired only in a pseudoknot count as unpaired in them.
struct Loop {
  LoopKind kind;
  int i, j;                         // the closing pair, i < j; -1, -1 for the outermost exterior loop
  int n_branches;                   // pairs of the nested structure inside the loop, without the closing pair
  std::vector<LoopStrand> strands;  // from i to j, between successive pairs; split where a molecule ends

  int n_unpaired() const;
};

struct SecondaryStructure {
  std::vector<int> partner;  // [L]; kUnpaired or kUnspecified without a partner
  std::vector<int> order;    // [L], order of the nucleotide's stem; -1 if unpaired
  // Sorted by outermost pair. Stems are assigned orders from the longest to the shortest, at equal length by position.
  // Each gets the lowest order that no stem crossing it has. Order 0 is thus the nested structure of the longest stems.
  std::vector<Stem> stems;
  std::vector<Loop> loops;  // the outermost exterior loop first, then by closing pair; stacked pairs enclose no loop

  int length() const { return static_cast<int>(partner.size()); }
  // Fractions of all nucleotides; NaN without nucleotides.
  double paired_share() const;
  double helix_share() const;  // in stems of two or more pairs
  // Fraction of the paired nucleotides with an order above 0; NaN without pairs.
  double pseudoknotted_share() const;
};

// `partner`: [L]. `molecule`: [L], a molecule ends where the number changes; empty: one molecule. Throws Error as
// check_partners does. Time is linear in L and quadratic in the number of stems.
SecondaryStructure describe_secondary_structure(std::span<const int> partner, std::span<const int> molecule = {});

// The kind of loop of each position; empty for positions paired in the nested structure.
std::vector<std::optional<LoopKind>> loop_of_positions(const SecondaryStructure& structure);

// The partners without isolated pairs; kUnspecified is kept. Errors as above.
std::vector<int> only_helices(std::span<const int> partner, std::span<const int> molecule = {});

// The first error in a list of partners. Messages count nucleotides from 1.
struct PartnerFault {
  int position;
  std::string message;
};

// The first error from the 5' end, if any: a partner that is not a position, a nucleotide paired with itself or with a
// nucleotide whose partner differs, or two nucleotides of one molecule closer than kShortestPairSpan.
std::optional<PartnerFault> find_partner_fault(std::span<const int> partner, std::span<const int> molecule = {});

// Throws Error with that message, and for spans of different lengths.
void check_partners(std::span<const int> partner, std::span<const int> molecule = {});

}  // namespace flashrna
