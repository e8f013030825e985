// Reads the tables that tests compare with: comma-separated, the first line names the columns, no quotes.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace flashrna {

// One row by column name; an empty cell is an empty string.
class CsvRow {
 public:
  explicit CsvRow(std::map<std::string, std::string> cells) : cells_(std::move(cells)) {}

  // Both throw std::runtime_error for a column that is not there, `number` also for a cell that is no number.
  const std::string& text(const std::string& column) const;
  double number(const std::string& column) const;

 private:
  std::map<std::string, std::string> cells_;
};

// Throws std::runtime_error if the file is not there. The last column may hold commas.
std::vector<CsvRow> read_csv(const std::string& path);

}  // namespace flashrna
