// Converts an evaluation of proteins to summary.json and metrics.csv, in the form of those of RNA
// (libfold/evaluation/evaluation_summary.h, metrics_table.h), so that reports, thresholds and comparisons read both.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/csv_table.h"
#include "libfold/evaluation/protein/protein_evaluation.h"
#include "libfold/evaluation/set_measures.h"

namespace flashrna {

std::vector<SetMeasure> protein_set_measures(const ProteinEvaluation& evaluation);

nlohmann::ordered_json protein_summary(const ProteinEvaluation& evaluation);

// A row per sample. Columns of what was not requested are absent.
CsvTable protein_metrics_table(const ProteinEvaluation& evaluation);

}  // namespace flashrna
