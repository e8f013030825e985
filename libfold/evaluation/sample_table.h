// The table metrics.csv: one row per sample. docs/evaluation.md defines the columns.
#pragma once

#include "libfold/evaluation/metrics_table.h"
#include "libfold/evaluation/evaluation.h"

namespace flashrna {

// An evaluation without samples gives the columns alone.
MetricsTable metrics_table(const Evaluation& evaluation);

}  // namespace flashrna
