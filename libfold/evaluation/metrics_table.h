// A table of text cells with named columns, as metrics.csv holds it: comma-separated, quoted where needed (RFC 4180).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace flashrna {

struct MetricsTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns

  std::string to_csv() const;
  // Throws Error naming `path`: cannot be read, or a row has more or fewer cells than the first line.
  static MetricsTable read(const std::string& path);

  // Position of a column; throws Error for one that is not there.
  std::size_t column(const std::string& name) const;
  // The number in a cell; none where it is empty or no number.
  std::optional<double> number(std::size_t row, std::size_t column) const;
};

}  // namespace flashrna
