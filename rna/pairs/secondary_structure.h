// What base pairs say about a structure: its stems and loops, and which pairs cross others (pseudoknots). Pairs are
// given as the partner of each nucleotide, whoever found them (rna/pairs/base_pairs.h) or asked for them
// (rna/pairs/secondary_structure_file.h). Nothing here sees a coordinate or a letter.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flashrna {

// In the place of a partner, which is a position from 0.
inline constexpr int kUnpaired = -1;
inline constexpr int kNotSaid = -2;  // nothing is known or asked for; counts as unpaired wherever pairs are counted

// Stacked pairs (i, j), (i+1, j-1), ... without a gap on either side or the end of a molecule in between: as many as
// there are, one alone too. With two or more it is a helix.
struct Stem {
  int i, j;     // its outermost pair, i < j
  int n_pairs;  // >= 1
  int order;    // 0: in the nested structure; 1, 2, ...: pseudoknots, see SecondaryStructure

  bool is_helix() const { return n_pairs >= 2; }
};

// kExterior: what no pair closes, and every loop that the end of a molecule opens.
enum class LoopKind { kHairpin, kBulge, kInterior, kMultiloop, kExterior };

std::string_view loop_name(LoopKind kind);  // "hairpin", ...

struct LoopStrand {
  int first, length;  // unpaired positions first, first + 1, ...; may be none
};

// Loops are those of the nested structure: what pairs in a pseudoknot is unpaired in them.
struct Loop {
  LoopKind kind;
  int i, j;                         // the pair that closes it, i < j; -1, -1 of the outermost exterior one
  int n_branches;                   // pairs of the nested structure that it closes in turn
  std::vector<LoopStrand> strands;  // from i to j, between one pair and the next; two where a molecule ends in between

  int n_unpaired() const;
};

struct SecondaryStructure {
  std::vector<int> partner;  // [L], kUnpaired or kNotSaid without
  std::vector<int> order;    // [L], of the stem the nucleotide is in; -1 where it is unpaired
  // By their outermost pair. Longest first, and by position where equally long, each stem gets the lowest order in
  // which it crosses none that has its order already: 0 is the nested structure of the longest stems.
  std::vector<Stem> stems;
  std::vector<Loop> loops;  // the outermost exterior one first, then by the closing pair; pairs that stack make none

  int length() const { return static_cast<int>(partner.size()); }
  // Shares of all nucleotides; NaN of none.
  double paired_share() const;
  double helix_share() const;  // in stems of two pairs or more
  // Share of the paired nucleotides whose order is not 0; NaN without pairs.
  double pseudoknotted_share() const;
};

// `partner`: [L]. `molecule`: [L], a molecule ends where the number changes; empty: there is one.
// Throws Error as check_partners does. Time linear in L and quadratic in the number of stems.
SecondaryStructure describe_secondary_structure(std::span<const int> partner, std::span<const int> molecule = {});

// The loop each position is in; nothing where it pairs in the nested structure.
std::vector<std::optional<LoopKind>> loop_of_positions(const SecondaryStructure& structure);

// The partners without pairs that stand alone; kNotSaid stays. Errors as above.
std::vector<int> only_helices(std::span<const int> partner, std::span<const int> molecule = {});

// What is wrong with partners, and where. Messages count nucleotides from 1.
struct PartnerFault {
  int position;
  std::string message;
};

// The first fault from the 5' end, if any: a partner that is no position, a nucleotide that pairs with itself or with
// one that has another partner or none, two of one molecule that are closer than kShortestPairSpan.
std::optional<PartnerFault> find_partner_fault(std::span<const int> partner, std::span<const int> molecule = {});

// Throws Error with that fault, and for spans of different lengths.
void check_partners(std::span<const int> partner, std::span<const int> molecule = {});

}  // namespace flashrna
