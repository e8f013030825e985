// Bounds on the measures of an evaluation, read from one table by programs and tests (weights/thresholds.csv).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace flashrna {

struct Threshold {
  enum class Bound { kAtLeast, kAtMost, kNearReference };

  std::string key;  // key of a measure of the set (docs/evaluation.md)
  Bound bound;
  double value;  // in the measure's unit; for kNearReference the largest difference in either direction

  std::string text() const;  // "at least 85"
  // False if the measure, or a reference value that the bound needs, is missing.
  bool met(std::optional<double> measure, std::optional<double> reference) const;
};

// Reads a CSV file with the columns key, bound (at_least, at_most, near_reference) and value. Throws Error naming
// `path` and the row for an unknown key or bound and for a value that is not a number; throws Error for a table without
// rows.
std::vector<Threshold> read_thresholds(const std::string& path);

}  // namespace flashrna
