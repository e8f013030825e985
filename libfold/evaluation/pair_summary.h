// Base pairs and backbone conformers in metrics.csv, summary.json and the report.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfold/evaluation/evaluation.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {

KeyedCells pair_cells(const PairMeasures& pairs);
// The comparison with requested pairs; the cells are empty without a request.
KeyedCells asked_pair_cells(const std::optional<PairComparison>& comparison);

PairMeasures pairs_of_set(const StructureSet& set);

KeyedValues pair_values(const PairMeasures& of_set);
// Wasserstein distances of helix lengths (pairs) and loop sizes (nucleotides); nullopt if a set has none of a kind.
KeyedValues pair_distances(const PairMeasures& samples, const PairMeasures& reference);
// Measures of all compared samples together; empty if no pairs were requested.
KeyedValues asked_pair_values(const Evaluation& evaluation);

// Data of the charts: numbers of helices by number of pairs, of loops by number of nucleotides, of suites by conformer,
// and the paired fraction of every reference chain with its length.
nlohmann::ordered_json pairs_json(const Evaluation& evaluation);

// Data of one displayed sample: its dot-bracket, its pairs (i, j, order; from 0), and the positions of outlier suites.
nlohmann::ordered_json example_pairs_json(const MeasuredStructure& sample);

}  // namespace flashrna
