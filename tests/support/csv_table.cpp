#include "tests/support/csv_table.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/csv_table.h"

namespace flashrna {
namespace {

// At most `count` cells; surplus ones belong to the last.
std::vector<std::string> split(const std::string& line, std::size_t count) {
  std::vector<std::string> cells = split_csv_line(line);
  for (std::size_t c = count; c < cells.size(); ++c) cells[count - 1] += "," + cells[c];
  cells.resize(std::min(cells.size(), count));
  return cells;
}

}  // namespace

const std::string& CsvRow::text(const std::string& column) const {
  const auto cell = cells_.find(column);
  if (cell == cells_.end()) throw std::runtime_error("no column " + column);
  return cell->second;
}

double CsvRow::number(const std::string& column) const {
  const std::string& cell = text(column);
  std::istringstream stream(cell);
  double value = 0.0;
  if (!(stream >> value)) throw std::runtime_error("column " + column + ": not a number: \"" + cell + "\"");
  return value;
}

std::vector<CsvRow> read_csv(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error(path + ": cannot read");
  const std::vector<std::string> columns = split_csv_line(line);
  std::vector<CsvRow> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = split(line, columns.size());
    std::map<std::string, std::string> row;
    for (std::size_t c = 0; c < columns.size(); ++c) row[columns[c]] = c < cells.size() ? cells[c] : "";
    rows.emplace_back(std::move(row));
  }
  return rows;
}

}  // namespace flashrna
