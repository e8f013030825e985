// The report: one HTML page with tables, charts (plotly.js) and rotatable backbones that opens without a network.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libfold/evaluation/metrics_table.h"

namespace flashrna {

// One evaluated set: what an evaluation's folder holds.
struct EvaluatedSet {
  std::string name;
  nlohmann::ordered_json summary;  // evaluation_summary()
  MetricsTable metrics;            // metrics_table()
};

// The folder of an earlier evaluation, named after it. Throws Error where it is none, or of a later version.
EvaluatedSet read_evaluated_set(const std::string& folder);

// The page for one set, or for several side by side.
std::string make_report(const std::vector<EvaluatedSet>& sets);

}  // namespace flashrna
