#include "rna/io/pdb_records.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr std::size_t kEndOfCoordinates = 54;
constexpr std::size_t kEndOfElement = 78;

// Columns first..last (from 1, as in the format description), without surrounding blanks.
std::string_view field(std::string_view line, std::size_t first, std::size_t last) {
  if (line.size() < first) return {};
  std::string_view text = line.substr(first - 1, last - first + 1);
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// "28-MAR-07" as "2007-03-28"; empty if it is not such a date. Years from 70 on belong to the 20th century.
std::string iso_date(std::string_view date) {
  constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  if (date.size() != 9 || date[2] != '-' || date[6] != '-') return {};
  const std::size_t month = kMonths.find(date.substr(3, 3));
  const auto is_digit = [&](int i) { return date[i] >= '0' && date[i] <= '9'; };
  if (month == std::string_view::npos || month % 3 != 0 || !is_digit(0) || !is_digit(1) || !is_digit(7) ||
      !is_digit(8)) {
    return {};
  }
  return fmt::format("{}{}-{:02}-{}", date[7] >= '7' ? "19" : "20", date.substr(7, 2), month / 3 + 1,
                     date.substr(0, 2));
}

// Compares four letters, case-insensitively, as gemmi does.
bool is_atom_record(std::string_view line) {
  const auto has = [&](std::string_view name) {
    return line.size() >= name.size() &&
           std::equal(name.begin(), name.end(), line.begin(), [](char upper, char c) { return (c & ~0x20) == upper; });
  };
  return has("ATOM") || has("HETA");
}

// Whether the last line, without its line end, is truncated: the prefix of a record name, or an atom without fields
// that the preceding atom has.
bool is_cut_last_line(std::string_view line, std::size_t previous_atom_length) {
  if (is_atom_record(line)) return line.size() < std::min(previous_atom_length, kEndOfElement);
  return !line.empty() &&
         (std::string_view("ATOM  ").starts_with(line) || std::string_view("HETATM").starts_with(line));
}

// Whether `text`, without surrounding blanks, is a number in the format %8.3f: no exponent, no trailing characters.
bool is_coordinate(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t digits = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !point)); ++i) {
    point = point || text[i] == '.';
    digits += is_digit(text[i]);
  }
  return digits > 0 && text.find_first_not_of(' ', i) == std::string_view::npos;
}

// Whether z fills its columns with fewer than three decimals and a digit follows: "-1234.567" of a program that does
// not keep to the columns. x and y that are too wide leave no number in the columns of the next coordinate.
bool z_runs_on(std::string_view line) {
  constexpr std::size_t kLastOfZ = kEndOfCoordinates - 1, kThirdDecimal = kLastOfZ - 3;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() <= kEndOfCoordinates || !is_digit(line[kEndOfCoordinates])) return false;
  const std::size_t point = line.find('.', kLastOfZ - 7);
  return is_digit(line[kLastOfZ]) && point > kThirdDecimal && point < kLastOfZ;
}

void check_coordinates(std::string_view line, int line_number, const std::string& name) {
  constexpr std::size_t kFirst = 31, kWidth = 8, kMostDigits = 4;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::size_t first = kFirst + axis * kWidth;
    const std::string_view text = line.substr(first - 1, kWidth);
    if (!is_coordinate(text)) {
      fail("{}: line {}: {} of atom {} (columns {} to {}) is \"{}\", not a number; correct the line or remove it", name,
           line_number, "xyz"[axis], field(line, 13, 16), first, first + kWidth - 1, text);
    }
    const std::size_t begin = text.find_first_of("0123456789.");
    const std::size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    if (end - begin > kMostDigits || (axis == 2 && z_runs_on(line))) {
      fail(
          "{}: line {}: {} of atom {} (columns {} to {}) is \"{}\"; the format has room for {} digits before the "
          "point, for three with a sign, and with more the columns run together; move the structure to the origin or "
          "write it as mmCIF",
          name, line_number, "xyz"[axis], field(line, 13, 16), first, first + kWidth - 1, text, kMostDigits);
    }
  }
}

}  // namespace

PdbRecords scan_pdb_records(std::string_view text, const std::string& name) {
  PdbRecords records;
  int line_number = 0;
  std::size_t previous_atom_length = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t newline = text.find('\n', begin);
    const bool is_last = newline == std::string_view::npos;
    std::string_view line = text.substr(begin, is_last ? newline : newline - begin);
    begin = is_last ? text.size() : newline + 1;
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_last && is_cut_last_line(line, previous_atom_length)) {
      fail("{}: the file is cut off at line {}: \"{}\"; fetch it again", name, line_number, line);
    }
    if (is_atom_record(line)) {
      previous_atom_length = line.size();
      if (line.size() < kEndOfCoordinates) {
        fail("{}: the {} record is cut off at line {}: {} columns, its coordinates end in column {}", name,
             line.substr(0, 6), line_number, line.size(), kEndOfCoordinates);
      }
      check_coordinates(line, line_number, name);
    } else if (line.starts_with("MODRES")) {
      std::string_view parent = field(line, 25, 27);
      if (parent.starts_with('+')) parent.remove_prefix(1);  // old files: +U
      if (!parent.empty()) records.modified_residues.emplace_back(field(line, 13, 15), parent);
    } else if (line.starts_with("REVDAT") && field(line, 8, 10) == "1" && records.release_date.empty()) {
      records.release_date = iso_date(field(line, 14, 22));
    }
  }
  return records;
}

}  // namespace flashrna
