// Prints results on stdout: a table as TSV (with aligned columns on a terminal) or as a JSON array of objects.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace flashrna {

class Table {
 public:
  // A cell: empty, a boolean, an integer, a number or text. TSV prints an empty cell as "-".
  struct Cell {
    Cell() = default;
    Cell(bool truth) : value(truth) {}
    Cell(std::integral auto whole) : value(static_cast<std::int64_t>(whole)) {}
    // Printed with `significant` digits in TSV and in full in JSON.
    Cell(std::floating_point auto number, int significant = 4)
        : value(static_cast<double>(number)), digits(significant) {}
    Cell(std::string text) : value(std::move(text)) {}
    Cell(const char* text) : value(std::string(text)) {}

    std::variant<std::monostate, bool, std::int64_t, double, std::string> value;
    int digits = 4;
  };

  explicit Table(std::vector<std::string> columns);
  // Needs one cell per column.
  void add_row(std::vector<Cell> cells);

  std::string to_tsv(bool aligned) const;
  // An array with one object per row. Numbers that are not finite become null.
  nlohmann::ordered_json to_json() const;
  // Prints to stdout.
  void print(bool as_json) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Prints to stdout, indented. Replaces bytes that are not UTF-8.
void print_json(const nlohmann::ordered_json& value);

}  // namespace flashrna
