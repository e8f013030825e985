// An evaluation as tables and JSON: what metrics.csv, summary.json and the report are made of.
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

// A row per sample; docs/evaluation.md defines the columns.
MetricsTable metrics_table(const Evaluation& evaluation);

// What is said about the whole set, beside the same of the reference; docs/evaluation.md defines the keys.
struct SetMeasure {
  std::string key;
  std::optional<double> samples;    // none: not defined, or not asked for
  std::optional<double> reference;  // none also for what a reference cannot have
};

std::vector<SetMeasure> set_measures(const Evaluation& evaluation);

// Everything but the rows of metrics.csv. Holds no time and no number of threads: the same input gives the same bytes.
nlohmann::ordered_json evaluation_summary(const Evaluation& evaluation);

}  // namespace flashrna
