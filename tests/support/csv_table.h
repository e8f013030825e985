// Reads the reference tables of tests by column name. Lines are split as in base/csv_table.h, but the last column may
// contain commas without quotes.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace flashrna {

// One row by column name. An empty cell is an empty string.
class CsvRow {
 public:
  explicit CsvRow(std::map<std::string, std::string> cells) : cells_(std::move(cells)) {}

  // Both throw std::runtime_error for an unknown column, `number` also for a cell that is not a number.
  const std::string& text(const std::string& column) const;
  double number(const std::string& column) const;

 private:
  std::map<std::string, std::string> cells_;
};

// Throws std::runtime_error if the file is missing.
std::vector<CsvRow> read_csv(const std::string& path);

}  // namespace flashrna
