#include "rna/pairs/secondary_structure_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/letter_case.h"
#include "base/utf8.h"

namespace flashrna {
namespace {

using Record = SecondaryStructureRecord;

constexpr std::string_view kMoleculesEnd = "# molecules end at";

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
    const std::size_t end = std::min(line.find_first_of(" \t\r\v\f"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The lines of a text, counted from 1.
class Lines {
 public:
  Lines(std::string_view text, const std::string& source) : rest_(text), source_(source) {}

  // The next line without its end; false after the last one.
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line = trimmed(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }

  int number() const { return number_; }
  std::string where() const { return where(number_); }
  std::string where(int number) const { return fmt::format("{}:{}", source_, number); }

 private:
  std::string_view rest_;
  std::string source_;
  int number_ = 0;
};

std::optional<int> to_number(std::string_view word) {
  int number = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (code != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

int number_in(std::string_view word, const char* what, const std::string& where) {
  const std::optional<int> number = to_number(word);
  if (!number) fail("{}: \"{}\" is no {}", where, word, what);
  return *number;
}

// Letters with `&` or `*` between molecules.
struct Sequence {
  std::string letters;
  std::vector<int> molecule;
  bool has_breaks = false;
};

Sequence parse_sequence(std::string_view text) {
  Sequence sequence;
  int molecule = 0;
  for (const char c : text) {
    if (c == '&' || c == '*') {
      ++molecule;
      sequence.has_breaks = true;
    } else {
      sequence.letters.push_back(c);
      sequence.molecule.push_back(molecule);
    }
  }
  return sequence;
}

bool is_sequence(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_letter(c) || c == '&' || c == '*'; });
}

// The energy that RNAfold and similar programs append to a structure: " (-12.30)", " ( -1.20)".
bool is_energy(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('(') || !text.ends_with(')')) return false;
  const std::string inner(trimmed(text.substr(1, text.size() - 2)));
  char* end = nullptr;
  std::strtod(inner.c_str(), &end);
  return !inner.empty() && *end == '\0';
}

void check_sequence(const Sequence& sequence, const Record& record, const std::string& where) {
  if (sequence.letters.size() != record.partner.size()) {
    fail("{}: the structure has {} nucleotides, the sequence before it {}", where, record.partner.size(),
         sequence.letters.size());
  }
  if (!sequence.has_breaks || sequence.molecule == record.molecule) return;
  const auto [theirs, ours] = std::ranges::mismatch(sequence.molecule, record.molecule);
  fail("{}: the molecules of the structure and of the sequence before it part at nucleotide {}", where,
       ours - record.molecule.begin() + 1);
}

std::vector<Record> parse_dot_bracket_file(std::string_view text, const std::string& source) {
  std::vector<Record> records;
  std::string name;
  std::optional<Sequence> sequence;
  int open_line = 0;  // of a name or a sequence whose structure has not been read yet
  Lines lines(text, source);
  const auto check_closed = [&] {
    if (open_line > 0) fail("{}: no structure follows", lines.where(open_line));
  };
  for (std::string_view line; lines.next(line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('>')) {  // not a structure, which cannot begin with a closing bracket
      check_closed();
      name = trimmed(line.substr(1));
      open_line = lines.number();
      continue;
    }
    if (is_sequence(line)) {
      if (sequence)
        fail("{}: a second line of letters; a sequence and its structure have one line each", lines.where());
      sequence = parse_sequence(line);
      open_line = lines.number();
      continue;
    }
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    if (end < line.size() && !is_energy(line.substr(end))) {
      fail("{}: \"{}\" after the structure; only an energy in parentheses may follow it", lines.where(),
           trimmed(line.substr(end)));
    }
    Record record = parse_dot_bracket(line.substr(0, end), lines.where());
    record.name = std::exchange(name, {});
    if (sequence) {
      check_sequence(*sequence, record, lines.where());
      record.sequence = sequence->letters;
    }
    records.push_back(std::move(record));
    sequence.reset();
    open_line = 0;
  }
  check_closed();
  return records;
}

void add_nucleotide(Record& record, std::string_view letter, int partner, int molecule, const std::string& where) {
  if (letter.size() != 1 || !is_letter(letter[0])) fail("{}: \"{}\" is no letter of a nucleotide", where, letter);
  if (partner < 0) fail("{}: a partner's number is 0 or more, not {}", where, partner);
  record.sequence.push_back(letter[0]);
  record.partner.push_back(partner - 1);
  record.molecule.push_back(molecule);
}

void check_record(const Record& record, const Lines& lines, const std::vector<int>& line_of_nucleotide) {
  if (const auto fault = find_partner_fault(record.partner, record.molecule)) {
    fail("{}: {}", lines.where(line_of_nucleotide[fault->position]), fault->message);
  }
}

// Sets molecules from the positions of their ends, counted from 1, once all nucleotides are known.
void set_molecules(Record& record, const std::vector<int>& ends, const std::string& where) {
  int previous = 0;
  for (const int end : ends) {
    if (end <= previous || end > static_cast<int>(record.partner.size())) {
      fail("{}: a molecule cannot end at nucleotide {}; ends rise, and there are {} nucleotides", where, end,
           record.partner.size());
    }
    previous = end;
  }
  auto end = ends.begin();
  for (std::size_t i = 0, molecule = 0; i < record.molecule.size(); ++i) {
    record.molecule[i] = static_cast<int>(molecule);
    if (end != ends.end() && *end == static_cast<int>(i) + 1) {
      ++end;
      ++molecule;
    }
  }
}

std::vector<Record> parse_bpseq(std::string_view text, const std::string& source) {
  Record record;
  std::vector<int> line_of_nucleotide, ends;
  std::string ends_line;
  Lines lines(text, source);
  for (std::string_view line; lines.next(line);) {
    if (line.empty()) continue;
    if (line.starts_with(kMoleculesEnd)) {
      for (const std::string_view word : words_of(line.substr(kMoleculesEnd.size()))) {
        ends.push_back(number_in(word, "number of a nucleotide", lines.where()));
      }
      ends_line = lines.where();
      continue;
    }
    const std::vector<std::string_view> words = words_of(line);
    const bool is_header = line.starts_with('#') || (record.partner.empty() && !to_number(words[0]));
    if (is_header) {
      for (const std::string_view mark : {"Filename:", "#"}) {
        if (line.starts_with(mark) && record.name.empty()) record.name = trimmed(line.substr(mark.size()));
      }
      continue;
    }
    if (words.size() != 3) {
      fail("{}: \"{}\"; a line has three columns: number, letter, partner's number or 0", lines.where(), line);
    }
    const int expected = static_cast<int>(record.partner.size()) + 1;
    if (number_in(words[0], "number of a nucleotide", lines.where()) != expected) {
      fail("{}: nucleotide {} where {} was expected", lines.where(), words[0], expected);
    }
    add_nucleotide(record, words[1], number_in(words[2], "number of a partner", lines.where()), 0, lines.where());
    line_of_nucleotide.push_back(lines.number());
  }
  if (record.partner.empty()) return {};
  set_molecules(record, ends, ends_line);
  check_record(record, lines, line_of_nucleotide);
  return {std::move(record)};
}

// The name in a CT header: the text after the number, without an energy ("dG = -3.4", "ENERGY = -3.4").
std::string ct_name(std::string_view rest) {
  rest = trimmed(rest);
  const std::vector<std::string_view> words = words_of(rest);
  const bool has_energy = words.size() >= 3 && words[1] == "=" && (words[0] == "dG" || words[0] == "ENERGY");
  if (!has_energy) return std::string(rest);
  return std::string(trimmed(rest.substr(static_cast<std::size_t>(words[2].data() + words[2].size() - rest.data()))));
}

std::vector<Record> parse_ct(std::string_view text, const std::string& source) {
  std::vector<Record> records;
  std::vector<int> line_of_nucleotide;
  int expected = 0;    // nucleotides of the current record
  bool ended = false;  // the last nucleotide ended its molecule
  Lines lines(text, source);
  for (std::string_view line; lines.next(line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> words = words_of(line);
    if (records.empty() || static_cast<int>(records.back().partner.size()) == expected) {
      expected = number_in(words[0], "number of nucleotides; a structure begins with that", lines.where());
      if (expected < 1) fail("{}: a structure of {} nucleotides", lines.where(), expected);
      records.push_back({.name = ct_name(line.substr(words[0].size()))});
      line_of_nucleotide.clear();
      continue;
    }
    if (words.size() < 5) {
      fail(
          "{}: \"{}\"; a line has at least five columns: number, letter, number before, number after, partner's number "
          "or 0",
          lines.where(), line);
    }
    Record& record = records.back();
    const int number = static_cast<int>(record.partner.size()) + 1;
    if (number_in(words[0], "number of a nucleotide", lines.where()) != number) {
      fail("{}: nucleotide {} where {} was expected", lines.where(), words[0], number);
    }
    const int before = number_in(words[2], "number of the nucleotide before", lines.where());
    const int after = number_in(words[3], "number of the nucleotide after", lines.where());
    const int previous = number == 1 ? 0 : record.molecule.back();
    const int molecule = number > 1 && (ended || before == 0) ? previous + 1 : previous;
    ended = after == 0;
    add_nucleotide(record, words[1], number_in(words[4], "number of a partner", lines.where()), molecule,
                   lines.where());
    line_of_nucleotide.push_back(lines.number());
    if (number == expected) check_record(record, lines, line_of_nucleotide);
  }
  if (!records.empty() && static_cast<int>(records.back().partner.size()) < expected) {
    fail("{}: the text ends after {} of the {} nucleotides of \"{}\"", lines.where(), records.back().partner.size(),
         expected, records.back().name);
  }
  return records;
}

// [L], numbered as in a record: 0, 1, 2, ..., increased at every change.
std::vector<int> molecule_numbers(std::span<const int> molecule, std::size_t length) {
  std::vector<int> numbers(length, 0);
  for (std::size_t i = 1; i < length && !molecule.empty(); ++i) {
    numbers[i] = numbers[i - 1] + (molecule[i] != molecule[i - 1]);
  }
  return numbers;
}

char letter_of(const Record& record, std::size_t i) { return record.sequence.empty() ? 'N' : record.sequence[i]; }

std::string dot_bracket_text(const Record& record) {
  std::string text = record.name.empty() ? "" : ">" + record.name + "\n";
  if (!record.sequence.empty()) {
    const std::vector<int> molecule = molecule_numbers(record.molecule, record.partner.size());
    const std::size_t n = record.partner.size() / static_cast<std::size_t>(record.copies);
    for (std::size_t i = 0; i < record.sequence.size(); ++i) {
      if (i > 0 && molecule[i] != molecule[i - 1]) text += i % n == 0 ? '*' : '&';
      text += record.sequence[i];
    }
    text += '\n';
  }
  return text + to_dot_bracket(record.partner, record.molecule, record.copies) + "\n";
}

std::string bpseq_text(const Record& record) {
  std::string text;
  if (!record.name.empty()) {
    // Such a name after "# " would be read as the ends of molecules.
    const bool looks_like_ends = ("# " + record.name).starts_with(kMoleculesEnd);
    text = fmt::format("{} {}\n", looks_like_ends ? "Filename:" : "#", record.name);
  }
  const std::vector<int> molecule = molecule_numbers(record.molecule, record.partner.size());
  if (!molecule.empty() && molecule.back() > 0) {
    text += kMoleculesEnd;
    for (std::size_t i = 1; i <= molecule.size(); ++i) {
      if (i == molecule.size() || molecule[i] != molecule[i - 1]) text += fmt::format(" {}", i);
    }
    text += '\n';
  }
  for (std::size_t i = 0; i < record.partner.size(); ++i) {
    text += fmt::format("{} {} {}\n", i + 1, letter_of(record, i), record.partner[i] + 1);
  }
  return text;
}

std::string ct_text(const Record& record) {
  const std::size_t length = record.partner.size();
  const std::vector<int> molecule = molecule_numbers(record.molecule, length);
  std::string text = fmt::format("{:5}{}{}\n", length, record.name.empty() ? "" : "  ", record.name);
  for (std::size_t i = 0; i < length; ++i) {
    const bool first = i == 0 || molecule[i] != molecule[i - 1];
    const bool last = i + 1 == length || molecule[i] != molecule[i + 1];
    text += fmt::format("{:5} {} {:5} {:5} {:5} {:5}\n", i + 1, letter_of(record, i), first ? 0 : i, last ? 0 : i + 2,
                        record.partner[i] + 1, i + 1);
  }
  return text;
}

std::optional<SecondaryStructureFormat> format_of(std::string_view path) {
  const std::string lower = to_lower(path);
  for (const std::string_view ending : {".dbn", ".db", ".dot", ".dotbracket"}) {
    if (lower.ends_with(ending)) return SecondaryStructureFormat::kDotBracket;
  }
  if (lower.ends_with(".bpseq")) return SecondaryStructureFormat::kBpseq;
  if (lower.ends_with(".ct")) return SecondaryStructureFormat::kCt;
  return std::nullopt;
}

}  // namespace

bool is_secondary_structure_file(std::string_view path) { return format_of(path).has_value(); }

SecondaryStructureFormat secondary_structure_format(std::string_view path) {
  if (const auto format = format_of(path)) return *format;
  fail("{}: a secondary structure ends with .dbn, .db, .dot or .dotbracket, .bpseq, or .ct", path);
}

std::vector<SecondaryStructureRecord> parse_secondary_structures(std::string_view text, const std::string& source,
                                                                 SecondaryStructureFormat format) {
  std::vector<Record> records;
  switch (format) {
    case SecondaryStructureFormat::kDotBracket:
      records = parse_dot_bracket_file(text, source);
      break;
    case SecondaryStructureFormat::kBpseq:
      records = parse_bpseq(text, source);
      break;
    case SecondaryStructureFormat::kCt:
      records = parse_ct(text, source);
      break;
  }
  if (records.empty()) fail("{}: there is no secondary structure in it", source);
  return records;
}

std::vector<SecondaryStructureRecord> read_secondary_structures(const std::string& path) {
  const SecondaryStructureFormat format = secondary_structure_format(path);
  return parse_secondary_structures(read_text_file(path), path, format);
}

std::string secondary_structure_text(const SecondaryStructureRecord& record, SecondaryStructureFormat format) {
  check_partners(record.partner, record.molecule);
  if (record.name.find_first_of("\r\n") != std::string::npos) {
    fail("secondary structure: a name of more than one line: \"{}\"", record.name);
  }
  if (!record.sequence.empty() && record.sequence.size() != record.partner.size()) {
    fail("secondary structure: {} letters for {} nucleotides", record.sequence.size(), record.partner.size());
  }
  if (format == SecondaryStructureFormat::kDotBracket) return dot_bracket_text(record);
  const auto unspecified = std::ranges::find(record.partner, kUnspecified);
  if (unspecified != record.partner.end()) {
    fail("secondary structure: nucleotide {} is unspecified (?), which only dot-bracket can express",
         unspecified - record.partner.begin() + 1);
  }
  return format == SecondaryStructureFormat::kBpseq ? bpseq_text(record) : ct_text(record);
}

}  // namespace flashrna
