// What a set of structures must reach: bounds on the measures of an evaluation, one table for programs and tests
// (weights/thresholds.csv).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace flashrna {

struct Threshold {
  enum class Bound { kAtLeast, kAtMost, kNearReference };

  std::string key;  // of a measure of the set (docs/evaluation.md)
  Bound bound;
  double value;  // in the measure's unit; of kNearReference the largest difference either way

  std::string text() const;  // "at least 85"
  // False for a measure that is not there, and where the reference's is needed and is not there.
  bool met(std::optional<double> measure, std::optional<double> reference) const;
};

// A CSV file with the columns key, bound (at_least, at_most, near_reference) and value. Throws Error naming `path` and
// the row for a key that no measure has, another bound, or a value that is no number; and for a table without a row.
std::vector<Threshold> read_thresholds(const std::string& path);

}  // namespace flashrna
