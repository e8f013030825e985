#include "tests/support/csv_table.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace flashrna {
namespace {

std::vector<std::string> split(std::string line, std::size_t n_cells) {
  if (line.ends_with('\r')) line.pop_back();
  std::vector<std::string> cells;
  std::size_t begin = 0;
  while (cells.size() + 1 < n_cells) {
    const std::size_t comma = line.find(',', begin);
    if (comma == std::string::npos) break;
    cells.push_back(line.substr(begin, comma - begin));
    begin = comma + 1;
  }
  cells.push_back(line.substr(begin));
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
  const std::vector<std::string> columns = split(line, std::string::npos);
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
