// The report: one HTML page with tables, charts (plotly.js) and rotatable backbones. It needs no network.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/csv_table.h"

namespace flashrna {

// One evaluated set: the content of an evaluation's folder.
struct EvaluatedSet {
  std::string name;
  nlohmann::ordered_json summary;  // evaluation_summary()
  CsvTable metrics;                // metrics_table()
};

// Reads the folder of an earlier evaluation; the set is named after the folder. Throws Error if the folder holds no
// evaluation, or one of a later version.
EvaluatedSet read_evaluated_set(const std::string& folder);

// The page for one set, or for several sets beside each other.
std::string make_report(const std::vector<EvaluatedSet>& sets);

}  // namespace flashrna
