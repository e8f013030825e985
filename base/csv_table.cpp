#include "base/csv_table.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/utf8.h"

namespace flashrna {
namespace {

// Splits a CSV text into rows and cells. A quoted cell may contain commas and line breaks.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> cells(1);
  bool quoted = false, any = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        cells.back() += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        cells.back() += c;
      }
    } else if (c == '"') {
      quoted = any = true;
    } else if (c == ',') {
      cells.emplace_back();
      any = true;
    } else if (c == '\n') {
      if (any) lines.push_back(std::move(cells));
      cells.assign(1, {});
      any = false;
    } else if (c != '\r') {
      cells.back() += c;
      any = true;
    }
  }
  if (any) lines.push_back(std::move(cells));
  return lines;
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) line += ',';
    if (cells[c].find_first_of(",\"\n\r") == std::string::npos) {
      line += cells[c];
      continue;
    }
    line += '"';
    for (const char letter : cells[c]) line += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    line += '"';
  }
  return line + '\n';
}

std::vector<std::string> split_csv_line(const std::string& line) {
  auto lines = parse_csv(line);
  return lines.empty() ? std::vector<std::string>{""} : std::move(lines.front());
}

std::string CsvTable::to_csv() const {
  std::string text = csv_line(columns);
  for (const auto& row : rows) text += csv_line(row);
  return text;
}

CsvTable CsvTable::read(const std::string& path) {
  auto lines = parse_csv(read_text_file(path));
  if (lines.empty()) fail("{}: empty; expected a line of column names", path);
  CsvTable table;
  table.columns = std::move(lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() != table.columns.size()) {
      fail("{}: row {} has {} cells, the first line {}", path, i, lines[i].size(), table.columns.size());
    }
    table.rows.push_back(std::move(lines[i]));
  }
  return table;
}

std::size_t CsvTable::column(const std::string& name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) fail("no column is called \"{}\"", name);
  return static_cast<std::size_t>(found - columns.begin());
}

std::optional<double> CsvTable::number(std::size_t row, std::size_t at) const {
  const std::string& cell = rows[row][at];
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (cell.empty() || error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

}  // namespace flashrna
