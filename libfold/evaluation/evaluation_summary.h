// Converts an evaluation to tables and JSON: the content of metrics.csv, summary.json and the report.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/evaluation.h"
#include "libfold/evaluation/metrics_table.h"

namespace flashrna {

inline constexpr const char* kSummaryFormat = "flashrna-evaluation";
inline constexpr int kSummaryVersion = 1;

// One row per sample. docs/evaluation.md defines the columns.
MetricsTable metrics_table(const Evaluation& evaluation);

// A measure of the whole set, with the reference's value. docs/evaluation.md defines the keys.
struct SetMeasure {
  std::string key;
  std::optional<double> samples;    // nullopt: undefined or not requested
  std::optional<double> reference;  // nullopt also for measures that a reference does not have
};

std::vector<SetMeasure> set_measures(const Evaluation& evaluation);

// Everything except the rows of metrics.csv. Contains no time and no thread count: the same input gives the same bytes.
nlohmann::ordered_json evaluation_summary(const Evaluation& evaluation);

}  // namespace flashrna
