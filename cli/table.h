// Results on stdout: one table as TSV (columns aligned when stdout is a terminal) or as a JSON array of objects.
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
  // A cell: nothing, a truth value, a whole number, a number or text. In TSV nothing is "-".
  struct Cell {
    Cell() = default;
    Cell(bool truth) : value(truth) {}
    Cell(std::integral auto whole) : value(static_cast<std::int64_t>(whole)) {}
    // Shown with `significant` digits in TSV, in full in JSON.
    Cell(std::floating_point auto number, int significant = 4)
        : value(static_cast<double>(number)), digits(significant) {}
    Cell(std::string text) : value(std::move(text)) {}
    Cell(const char* text) : value(std::string(text)) {}

    std::variant<std::monostate, bool, std::int64_t, double, std::string> value;
    int digits = 4;
  };

  explicit Table(std::vector<std::string> columns);
  // As many cells as columns.
  void add_row(std::vector<Cell> cells);

  std::string to_tsv(bool aligned) const;
  // An array of objects, one per row; a number that is not finite is null.
  nlohmann::ordered_json to_json() const;
  // To stdout.
  void print(bool as_json) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// To stdout, indented; bytes that are not UTF-8 are replaced.
void print_json(const nlohmann::ordered_json& value);

}  // namespace flashrna
