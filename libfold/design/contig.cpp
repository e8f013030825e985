#include "libfold/design/contig.h"

#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr int kMostNew = 100'000;  // new residues of an item; more than any machine samples

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_separator(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\n'; }

[[noreturn]] void fail_item(const std::string& contig, const ContigItem& item, const std::string& why) {
  fail_usage(
      "--contig {}: character {}: \"{}\" {}; items are new residues (10-20), residues of the motif file (A23-41), and "
      "/0 for the next molecule",
      contig, item.character, item.text, why);
}

// Takes an integer, possibly negative, from the beginning of `text`.
std::optional<int> take_integer(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Takes "23", "-3" or "20A".
std::optional<AuthorNumber> take_author_number(std::string_view& text) {
  const std::optional<int> number = take_integer(text);
  if (!number) return std::nullopt;
  AuthorNumber taken{*number, ' '};
  if (!text.empty() && is_letter(text.front())) {
    taken.insertion_code = text.front();
    text.remove_prefix(1);
  }
  return taken;
}

// Takes the identifier of a chain: the part before a colon, or else the letters at the beginning.
std::string take_chain(std::string_view& text) {
  std::size_t end = text.find(':');
  const bool has_colon = end != std::string_view::npos;
  if (!has_colon)
    for (end = 0; end < text.size() && is_letter(text[end]);) ++end;
  const std::string chain(text.substr(0, end));
  text.remove_prefix(end + (has_colon ? 1 : 0));
  return chain;
}

void parse_motif_item(const std::string& contig, ContigItem& item) {
  std::string_view rest = item.text;
  item.chain = take_chain(rest);
  if (item.chain.empty()) fail_item(contig, item, "is no item");
  const auto first = take_author_number(rest);
  if (!first) fail_item(contig, item, "names a chain without residue numbers");
  item.first = item.last = *first;
  if (rest.empty()) return;
  const bool has_dash = rest.front() == '-';
  if (has_dash) rest.remove_prefix(1);
  const auto last = has_dash ? take_author_number(rest) : std::nullopt;
  if (!last || !rest.empty()) fail_item(contig, item, "is no item");
  item.last = *last;
  if (item.last.number < item.first.number) fail_item(contig, item, "runs backward");
}

void parse_new_item(const std::string& contig, ContigItem& item) {
  std::string_view rest = item.text;
  const auto least = take_integer(rest);
  std::optional<int> most = least;
  if (!rest.empty() && rest.front() == '-') {
    rest.remove_prefix(1);
    most = take_integer(rest);
  }
  if (!least || !most || !rest.empty() || *least < 0 || *most < 0) fail_item(contig, item, "is no item");
  if (*most < *least) fail_item(contig, item, "runs backward");
  if (*most == 0) fail_item(contig, item, "is no residue");
  if (*most > kMostNew) fail_item(contig, item, "is too long");
  item.least = *least, item.most = *most;
}

}  // namespace

std::string AuthorNumber::text() const {
  return insertion_code == ' ' ? fmt::format("{}", number) : fmt::format("{}{}", number, insertion_code);
}

std::vector<ContigItem> parse_contig(const std::string& text) {
  std::vector<ContigItem> items;
  int molecule = 0, residues_at_least = 0;  // of that molecule
  const auto end_molecule = [&](int character) {
    if (residues_at_least == 0)
      fail_usage("--contig {}: character {}: molecule {} may have no residue", text, character, molecule + 1);
    ++molecule, residues_at_least = 0;
  };
  bool item_expected = false;  // after a comma
  for (std::size_t at = 0; at < text.size();) {
    const int character = static_cast<int>(at) + 1;
    if (is_separator(text[at])) {
      if (text[at] == ',' && (item_expected || at == 0))
        fail_usage("--contig {}: character {}: no item before the comma", text, character);
      item_expected = item_expected || text[at] == ',';
      ++at;
      continue;
    }
    item_expected = false;
    if (text[at] == '/') {
      if (text.substr(at, 2) != "/0")
        fail_usage("--contig {}: character {}: \"/\" is no item; /0 begins the next molecule", text, character);
      end_molecule(character);
      at += 2;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_separator(text[end]) && text[end] != '/') ++end;
    ContigItem item{.text = text.substr(at, end - at), .character = character, .molecule = molecule};
    if (is_digit(item.text.front()) && item.text.find(':') == std::string::npos)
      parse_new_item(text, item);
    else
      parse_motif_item(text, item);
    residues_at_least += item.is_motif() ? 1 : item.least;
    items.push_back(std::move(item));
    at = end;
  }
  const int length = static_cast<int>(text.size());
  if (item_expected) fail_usage("--contig {}: character {}: no item after the comma", text, length);
  end_molecule(length);
  return items;
}

LengthBounds parse_length_bounds(const std::string& text) {
  if (text.empty()) return {};
  std::string_view rest = text;
  const auto least = take_integer(rest);
  std::optional<int> most = least;
  if (!rest.empty() && rest.front() == '-') {
    rest.remove_prefix(1);
    most = take_integer(rest);
  }
  if (!least || !most || !rest.empty() || *least < 1)
    fail_usage("--length {}: must be a number of residues above 0, or a range such as 62-80", text);
  if (*most < *least) fail_usage("--length {}: runs backward", text);
  return {*least, *most};
}

}  // namespace flashrna
