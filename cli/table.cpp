#include "cli/table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

std::string to_text(const Table::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell.value)) return "-";
  if (const bool* truth = std::get_if<bool>(&cell.value)) return *truth ? "yes" : "no";
  if (const auto* whole = std::get_if<std::int64_t>(&cell.value)) return fmt::format("{}", *whole);
  if (const double* number = std::get_if<double>(&cell.value)) return fmt::format("{:.{}g}", *number, cell.digits);
  std::string text = std::get<std::string>(cell.value);
  // Tabs and line breaks would end the cell.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

Json to_json_value(const Table::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell.value)) return nullptr;
  if (const bool* truth = std::get_if<bool>(&cell.value)) return *truth;
  if (const auto* whole = std::get_if<std::int64_t>(&cell.value)) return *whole;
  if (const double* number = std::get_if<double>(&cell.value)) {
    return std::isfinite(*number) ? Json(*number) : Json(nullptr);
  }
  return std::get<std::string>(cell.value);
}

// Number of characters of a UTF-8 text, as a terminal displays them.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<Cell> cells) {
  if (cells.size() != columns_.size()) {
    throw std::logic_error(fmt::format("a row of {} cells in a table of {} columns", cells.size(), columns_.size()));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::to_tsv(bool aligned) const {
  std::vector<std::vector<std::string>> lines{columns_};
  for (const auto& row : rows_) {
    std::vector<std::string> texts(row.size());
    std::transform(row.begin(), row.end(), texts.begin(), to_text);
    lines.push_back(std::move(texts));
  }
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], width_of(line[c]));
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      const bool last = c + 1 == line.size();
      text += line[c];
      if (aligned && !last) text.append(widths[c] - width_of(line[c]) + 2, ' ');
      if (!aligned && !last) text += '\t';
    }
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json Table::to_json() const {
  Json rows = Json::array();
  for (const auto& row : rows_) {
    Json object = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) object[columns_[c]] = to_json_value(row[c]);
    rows.push_back(std::move(object));
  }
  return rows;
}

void Table::print(bool as_json) const {
  if (as_json) {
    print_json(to_json());
  } else {
    std::fputs(to_tsv(isatty(STDOUT_FILENO) != 0).c_str(), stdout);
  }
}

void print_json(const nlohmann::ordered_json& value) {
  const std::string text = value.dump(2, ' ', false, Json::error_handler_t::replace);
  std::fputs((text + "\n").c_str(), stdout);
}

}  // namespace flashrna
