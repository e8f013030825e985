#include "rna/io/sequence_placement.h"

#include <algorithm>
#include <cstdint>
#include <gemmi/fail.hpp>  // needed by seqalign.hpp of gemmi 0.7
#include <gemmi/seqalign.hpp>
#include <type_traits>
#include <unordered_map>

namespace flashrna {
namespace {

// The alignment uses one byte of memory per pair of residues. The limit is 16 thousand squared, far above the longest
// chain of the PDB format.
constexpr std::size_t kMostAlignmentCells = std::size_t{1} << 28;

bool numbers_fit(const std::vector<ResidueNumber>& numbers, const std::vector<std::string>& names,
                 const std::vector<std::string>& sequence) {
  const auto is_at_its_place = [&](std::size_t i, int start) {
    const std::int64_t place = std::int64_t{start} + numbers[i].seq_id - numbers.front().seq_id;
    return numbers[i].insertion_code == ' ' && place >= 0 && place < static_cast<std::int64_t>(sequence.size()) &&
           sequence[static_cast<std::size_t>(place)] == names[i];
  };
  for (int start = 0; start < static_cast<int>(sequence.size()); ++start) {
    std::size_t fitting = 0;
    while (fitting < numbers.size() && is_at_its_place(fitting, start)) ++fitting;
    if (fitting == numbers.size()) return true;
  }
  return false;
}

using Codes = std::vector<std::uint8_t>;

// gemmi::align_sequences. Gap is bool up to gemmi 0.6, which takes whether opening a gap before a residue of the target
// is free, and int later, for its penalty.
template <typename Gap>
gemmi::AlignmentResult align(gemmi::AlignmentResult (*function)(const Codes&, const Codes&, const std::vector<Gap>&,
                                                                std::uint8_t, const gemmi::AlignmentScoring&),
                             const Codes& query, const Codes& target, const std::vector<bool>& free_gap,
                             std::uint8_t n_codes) {
  gemmi::AlignmentScoring scoring{};  // without defaults in gemmi 0.7
  scoring.match = 1;
  scoring.mismatch = scoring.gapo = scoring.gape = -1;
  std::vector<Gap> gaps;
  for (const bool is_free : free_gap) {
    if constexpr (std::is_same_v<Gap, bool>)
      gaps.push_back(is_free);
    else
      gaps.push_back(is_free ? 0 : scoring.gapo);
  }
  return function(query, target, gaps, n_codes, scoring);
}

}  // namespace

std::vector<int> place_in_sequence(const LinkedResidues& residues, const std::vector<std::string>& names,
                                   const std::vector<std::string>& sequence) {
  if (names.empty() || sequence.empty() || sequence.size() > kMostAlignmentCells / names.size()) return {};
  if (numbers_fit(residues.numbers, names, sequence)) return {};
  std::unordered_map<std::string, std::uint8_t> codes;
  const auto code = [&](const std::string& name) {
    return codes.emplace(name, static_cast<std::uint8_t>(std::min<std::size_t>(codes.size(), 255))).first->second;
  };
  Codes full, observed;
  std::vector<bool> free_gap = {true};
  for (const std::string& name : sequence) full.push_back(code(name));
  for (std::size_t i = 0; i < names.size(); ++i) {
    observed.push_back(code(names[i]));
    if (i > 0) free_gap.push_back(!residues.bonded(i - 1, i));
  }
  if (codes.size() > 255) return {};
  const gemmi::AlignmentResult alignment =
      align(&gemmi::align_sequences, full, observed, free_gap, static_cast<std::uint8_t>(codes.size()));
  std::vector<int> positions(names.size(), 0);
  std::size_t next = 0;
  int position = 1;
  for (const gemmi::AlignmentResult::Item item : alignment.cigar) {
    const int length = static_cast<int>(item.len());
    if (item.op() == 'I') position += length;
    if (item.op() == 'D') next += static_cast<std::size_t>(length);
    if (item.op() == 'M') {
      for (int k = 0; k < length; ++k) positions[next++] = position++;
    }
  }
  return positions;
}

}  // namespace flashrna
