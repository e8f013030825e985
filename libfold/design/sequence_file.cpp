#include "libfold/design/sequence_file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/utf8.h"

namespace flashrna {
namespace {

std::optional<Base> base_of(char letter) {
  switch (std::toupper(static_cast<unsigned char>(letter))) {
    case 'A':
      return Base::A;
    case 'C':
      return Base::C;
    case 'G':
      return Base::G;
    case 'U':
    case 'T':
      return Base::U;
    case 'N':
    case '?':
      return Base::N;
    default:
      return std::nullopt;
  }
}

// Appends the letters of a line to a record; `where` begins messages.
class LetterReader {
 public:
  void read(const std::string& line, const std::string& where, SequenceRecord& record) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (std::isspace(static_cast<unsigned char>(line[i]))) continue;
      if (line[i] == '&') {
        if (record.bases.empty() || after_join_) fail("{}: character {}: no nucleotide before \"&\"", where, i + 1);
        after_join_ = true;
        continue;
      }
      const std::optional<Base> base = base_of(line[i]);
      if (!base)
        fail(
            "{}: character {}: \"{}\" is no nucleotide; letters are A, C, G, U (or T), N or ? where unspecified, "
            "and & between molecules",
            where, i + 1, line[i]);
      molecule_ += after_join_ ? 1 : 0;
      after_join_ = false;
      record.bases.push_back(*base);
      record.molecule.push_back(molecule_);
    }
  }

  void finish(const std::string& where, SequenceRecord& record) {
    if (record.bases.empty()) fail("{}: record \"{}\" has no letters", where, record.title);
    if (after_join_) fail("{}: no nucleotide after the last \"&\"", where);
    if (molecule_ == 0) record.molecule.clear();
    *this = {};
  }

 private:
  int molecule_ = 0;
  bool after_join_ = false;
};

}  // namespace

bool is_sequence_line(const std::string& text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c == '&' || (c != '.' && base_of(c).has_value()); });
}

std::vector<SequenceRecord> read_sequences(const std::string& text_or_path) {
  LetterReader reader;
  std::vector<SequenceRecord> records;
  if (is_sequence_line(text_or_path)) {
    records.emplace_back();
    reader.read(text_or_path, "--sequence", records.back());
    reader.finish("--sequence", records.back());
    return records;
  }
  const std::string& path = text_or_path;
  std::ifstream input(path);
  if (!input) fail("--sequence {}: cannot be read", path);
  std::string text{std::istreambuf_iterator<char>(input), {}};
  drop_byte_order_marks(text, path);
  std::istringstream file(text);
  int number = 0;
  const auto finish = [&] {
    if (!records.empty()) reader.finish(fmt::format("{}:{}", path, records.back().line), records.back());
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string where = fmt::format("{}:{}", path, number);
    if (line.starts_with('>')) {
      finish();
      records.push_back({line.substr(1, line.find_last_not_of("\r \t")), number, {}, {}});
      continue;
    }
    if (records.empty() && line.find_first_not_of(" \t\r") != std::string::npos)
      fail("{}: a sequence without a title; FASTA begins with a line such as >name", where);
    if (!records.empty()) reader.read(line, where, records.back());
  }
  if (records.empty()) fail("--sequence {}: holds no record; FASTA begins with a line such as >name", path);
  finish();
  return records;
}

const SequenceRecord* find_sequence(const std::vector<SequenceRecord>& records, const std::string& name, int length,
                                    const std::string& path) {
  const auto titled = std::ranges::find_if(
      records, [&](const SequenceRecord& record) { return !name.empty() && record.title == name; });
  if (titled != records.end()) return &*titled;
  const SequenceRecord* found = nullptr;
  for (const SequenceRecord& record : records) {
    if (static_cast<int>(record.bases.size()) != length) continue;
    if (found)
      fail("{}:{}: record \"{}\" is {} residues long, as the one in line {}; one record names all samples of a length",
           path, record.line, record.title, length, found->line);
    found = &record;
  }
  return found;
}

}  // namespace flashrna
