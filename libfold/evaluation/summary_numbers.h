// Formats numbers for metrics.csv and summary.json. Undefined values are an empty cell and null.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/median.h"

namespace flashrna {

using Maybe = std::optional<double>;

// Measures of a whole set by key (docs/evaluation.md), and cells of a row of metrics.csv with the names of their
// columns, the same for every sample.
using KeyedValues = std::vector<std::pair<const char*, Maybe>>;
using KeyedCells = std::vector<std::pair<const char*, std::string>>;

inline Maybe defined(double value) { return std::isfinite(value) ? Maybe(value) : std::nullopt; }

inline Maybe ratio(double numerator, double denominator, double factor = 1.0) {
  return denominator > 0.0 ? Maybe(factor * numerator / denominator) : std::nullopt;
}

inline Maybe share(long part, long whole, double factor = 1.0) {
  return ratio(static_cast<double>(part), static_cast<double>(whole), factor);
}

inline Maybe scaled(Maybe value, double factor) { return value ? Maybe(factor * *value) : std::nullopt; }

inline Maybe median_of(const std::vector<double>& values) { return values.empty() ? Maybe() : median(values); }

inline Maybe mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return ratio(sum, static_cast<double>(values.size()));
}

inline std::string text(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : ""; }
inline std::string text(Maybe value) { return value ? text(*value) : ""; }
inline std::string text(std::integral auto value) { return std::to_string(value); }

inline nlohmann::ordered_json number_json(Maybe value) {
  return value && std::isfinite(*value) ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

// Rounds to `digits` significant digits; further digits are noise and enlarge the files.
inline double rounded(double value, int digits) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  return std::round(value * scale) / scale;
}

}  // namespace flashrna
