// The table metrics.csv: one row per sample. docs/evaluation.md defines the columns.
#pragma once

#include "base/csv_table.h"
#include "libfold/evaluation/evaluation.h"

namespace flashrna {

// An evaluation without samples gives the columns alone.
CsvTable metrics_table(const Evaluation& evaluation);

}  // namespace flashrna
