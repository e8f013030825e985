// Converts an evaluation to JSON: summary.json and the data of the report.
#pragma once

#include <nlohmann/json.hpp>

#include "libfold/evaluation/evaluation.h"

namespace flashrna {

inline constexpr const char* kSummaryFormat = "flashrna-evaluation";
inline constexpr int kSummaryVersion = 1;

// Everything except the rows of metrics.csv. Contains no time and no thread count: the same input gives the same bytes.
nlohmann::ordered_json evaluation_summary(const Evaluation& evaluation);

}  // namespace flashrna
