// A table of text cells with named columns in CSV (RFC 4180): comma-separated, quoted where needed.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace flashrna {

// One line of a table, with its line end.
std::string csv_line(const std::vector<std::string>& cells);

// The texts of values, for a row of a table; floating-point numbers with as many digits as it takes to read them back.
template <typename... Values>
std::vector<std::string> csv_cells(const Values&... values) {
  return {fmt::format("{}", values)...};
}

// The cells of one line, with or without its line end; an empty line has one empty cell.
std::vector<std::string> split_csv_line(const std::string& line);

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // one cell per column

  std::string to_csv() const;
  // Throws Error naming `path` if the file cannot be read or a row has another number of cells than the first line.
  static CsvTable read(const std::string& path);

  // Index of a column. Throws Error if there is no such column.
  std::size_t column(const std::string& name) const;
  // The number in a cell; nullopt if the cell is empty or not a number.
  std::optional<double> number(std::size_t row, std::size_t column) const;
};

}  // namespace flashrna
