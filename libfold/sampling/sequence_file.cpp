#include "libfold/sampling/sequence_file.h"

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
      return Base::N;
    default:
      return std::nullopt;
  }
}

struct Record {
  std::string title;
  int line = 0;
  std::vector<Base> bases;
};

}  // namespace

std::map<int, std::vector<Base>> read_sequences(const std::string& path) {
  std::ifstream input(path);
  if (!input) fail("--sequence {}: cannot be read", path);
  std::string text{std::istreambuf_iterator<char>(input), {}};
  drop_byte_order_marks(text, path);
  std::istringstream file(text);
  std::vector<Record> records;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with('>')) {
      records.push_back({line.substr(1, line.find_last_not_of("\r \t")), number, {}});
      continue;
    }
    for (char letter : line) {
      if (std::isspace(static_cast<unsigned char>(letter))) continue;
      if (records.empty())
        fail("{}:{}: a sequence without a title; FASTA begins with a line such as >name", path, number);
      const std::optional<Base> base = base_of(letter);
      if (!base) fail("{}:{}: \"{}\" is no nucleotide; letters are A, C, G, U (or T) and N", path, number, letter);
      records.back().bases.push_back(*base);
    }
  }
  if (records.empty()) fail("--sequence {}: holds no record; FASTA begins with a line such as >name", path);

  std::map<int, std::vector<Base>> by_length;
  std::map<int, int> line_of_length;
  for (Record& record : records) {
    const int length = static_cast<int>(record.bases.size());
    if (length == 0) fail("{}:{}: record \"{}\" has no letters", path, record.line, record.title);
    if (!by_length.emplace(length, std::move(record.bases)).second) {
      fail("{}:{}: record \"{}\" is {} residues long, as the one in line {}; one record names all samples of a length",
           path, record.line, record.title, length, line_of_length[length]);
    }
    line_of_length[length] = record.line;
  }
  return by_length;
}

}  // namespace flashrna
