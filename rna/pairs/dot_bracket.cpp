#include "rna/pairs/dot_bracket.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr std::string_view kOpening = "([{<ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kClosing = ")]}>abcdefghijklmnopqrstuvwxyz";

std::string quoted(char c) {
  if (c == '"') return "'\"'";
  if (c < ' ' || c > '~') return fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
  return fmt::format("\"{}\"", c);
}

// `first`: the first nucleotide of each copy. Fails unless the molecules of all copies have equal lengths.
void check_copies(const SecondaryStructureRecord& record, std::span<const int> first, std::string_view source) {
  const auto length = static_cast<int>(record.partner.size()), n = first.size() > 1 ? first[1] : length;
  for (std::size_t c = 1; c < first.size(); ++c) {
    const int end = c + 1 < first.size() ? first[c + 1] : length;
    if (end - first[c] != n)
      fail("{}: copy {} has {} nucleotides, the first has {}; \"*\" separates equal copies", source, c + 1,
           end - first[c], n);
  }
  const auto number_in_copy = [&](int i) { return record.molecule[i] - record.molecule[i - i % n]; };
  for (int i = n; i < length; ++i) {
    if (number_in_copy(i) != number_in_copy(i % n))
      fail("{}: the molecules of copy {} are divided at another nucleotide than those of the first", source, i / n + 1);
  }
}

}  // namespace

bool is_dot_bracket(std::string_view text) {
  constexpr std::string_view kSigns = "?&*()[]{}<>";
  if (text.find_first_of(kSigns) == std::string_view::npos)
    return text.find_first_not_of('.') == std::string_view::npos;
  const auto is_known = [&](char c) {
    return c == '.' || kSigns.find(c) != std::string_view::npos || kOpening.find(c) != std::string_view::npos ||
           kClosing.find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(text, is_known);
}

SecondaryStructureRecord parse_dot_bracket(std::string_view text, std::string_view source) {
  SecondaryStructureRecord record;
  std::vector<int> character;  // by nucleotide, from 1
  std::array<std::vector<int>, kOpening.size()> open;
  std::vector<int> copies = {0};  // their first nucleotides
  bool molecule_empty = true;
  int molecule = 0;
  for (std::size_t c = 0; c < text.size(); ++c) {
    const int place = static_cast<int>(c) + 1;
    if (text[c] == '&' || text[c] == '*') {
      if (molecule_empty) fail("{}: character {}: no nucleotide before {}", source, place, quoted(text[c]));
      if (text[c] == '*') copies.push_back(static_cast<int>(record.partner.size()));
      molecule_empty = true;
      ++molecule;
      continue;
    }
    const int i = static_cast<int>(record.partner.size());
    record.partner.push_back(text[c] == '?' ? kUnspecified : kUnpaired);
    record.molecule.push_back(molecule);
    character.push_back(place);
    molecule_empty = false;
    if (const std::size_t kind = kOpening.find(text[c]); kind != std::string_view::npos) {
      open[kind].push_back(i);
    } else if (const std::size_t closed = kClosing.find(text[c]); closed != std::string_view::npos) {
      if (open[closed].empty()) fail("{}: character {}: {} closes nothing", source, place, quoted(text[c]));
      record.partner[i] = open[closed].back();
      record.partner[open[closed].back()] = i;
      open[closed].pop_back();
    } else if (text[c] != '.' && text[c] != '?') {
      fail(
          "{}: character {}: {} is unknown; a secondary structure has . ( ) [ ] {{ }} < > and Aa to Zz, & between "
          "molecules, * between copies, ? where unspecified",
          source, place, quoted(text[c]));
    }
  }
  if (record.partner.empty()) fail("{}: an empty secondary structure", source);
  if (molecule_empty) fail("{}: character {}: no nucleotide after {}", source, text.size(), quoted(text.back()));
  check_copies(record, copies, source);
  record.copies = static_cast<int>(copies.size());
  int first_open = static_cast<int>(record.partner.size());
  for (const std::vector<int>& positions : open) {
    if (!positions.empty()) first_open = std::min(first_open, positions.front());
  }
  if (first_open < static_cast<int>(record.partner.size())) {
    const int place = character[first_open];
    fail("{}: character {}: {} is never closed", source, place, quoted(text[static_cast<std::size_t>(place) - 1]));
  }
  if (const auto fault = find_partner_fault(record.partner, record.molecule)) {
    fail("{}: character {}: {}", source, character[fault->position], fault->message);
  }
  return record;
}

std::string to_dot_bracket(std::span<const int> partner, std::span<const int> molecule, int copies) {
  const SecondaryStructure structure = describe_secondary_structure(partner, molecule);
  std::string text;
  const std::size_t n = partner.size() / static_cast<std::size_t>(copies);
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (i > 0 && !molecule.empty() && molecule[i] != molecule[i - 1]) text += i % n == 0 ? '*' : '&';
    if (partner[i] < 0) {
      text += partner[i] == kUnspecified ? '?' : '.';
      continue;
    }
    const auto order = static_cast<std::size_t>(structure.order[i]);
    if (order >= kOpening.size()) {
      fail(
          "secondary structure: the pair of nucleotides {} and {} is of pseudoknot order {}; dot-bracket has {} kinds "
          "of brackets",
          i + 1, partner[i] + 1, order, kOpening.size());
    }
    text += partner[i] > static_cast<int>(i) ? kOpening[order] : kClosing[order];
  }
  return text;
}

}  // namespace flashrna
