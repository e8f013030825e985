#include "libfold/evaluation/thresholds.h"

#include <fmt/format.h>

#include <cmath>

#include "base/csv_table.h"
#include "base/error.h"
#include "libfold/evaluation/definitions.h"

namespace flashrna {

std::string Threshold::text() const {
  if (bound == Bound::kNearReference) return fmt::format("within {:g} of the reference", value);
  return fmt::format("{} {:g}", bound == Bound::kAtLeast ? "at least" : "at most", value);
}

bool Threshold::met(std::optional<double> measure, std::optional<double> reference) const {
  if (!measure) return false;
  if (bound == Bound::kAtLeast) return *measure >= value;
  if (bound == Bound::kAtMost) return *measure <= value;
  return reference && std::abs(*measure - *reference) <= value;
}

std::vector<Threshold> read_thresholds(const std::string& path) {
  const CsvTable table = CsvTable::read(path);
  if (table.columns != std::vector<std::string>{"key", "bound", "value"})
    fail("{}: a table of thresholds has the columns key,bound,value", path);
  if (table.rows.empty()) fail("{}: holds no threshold", path);
  std::vector<Threshold> thresholds;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string &key = table.rows[row][0], &bound = table.rows[row][1];
    const std::optional<double> value = table.number(row, 2);
    if (!definitions().contains(key))
      fail("{}: row {}: no measure is called \"{}\"; docs/evaluation.md lists them", path, row + 1, key);
    if (bound != "at_least" && bound != "at_most" && bound != "near_reference")
      fail("{}: row {}: bound \"{}\" is not at_least, at_most or near_reference", path, row + 1, bound);
    if (!value || !std::isfinite(*value))
      fail("{}: row {}: value \"{}\" is no number", path, row + 1, table.rows[row][2]);
    thresholds.push_back({key,
                          bound == "at_least"  ? Threshold::Bound::kAtLeast
                          : bound == "at_most" ? Threshold::Bound::kAtMost
                                               : Threshold::Bound::kNearReference,
                          *value});
  }
  return thresholds;
}

}  // namespace flashrna
