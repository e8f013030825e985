// The part of evaluation_summary.h that is about base pairs and backbone conformers.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfold/evaluation/evaluation.h"

namespace flashrna {

// Columns of metrics.csv, and the cells of a sample under them.
std::vector<std::string> pair_columns();
std::vector<std::string> pair_cells(const PairMeasures& pairs);

// Columns and cells beside the pairs that were asked for; empty cells where none were.
std::vector<std::string> asked_pair_columns();
std::vector<std::string> asked_pair_cells(const std::optional<PairComparison>& comparison);

PairMeasures pairs_of_set(const StructureSet& set);

// Of a whole set, by key (docs/evaluation.md).
using KeyedValues = std::vector<std::pair<const char*, std::optional<double>>>;
KeyedValues pair_values(const PairMeasures& of_set);
// Of all samples that were compared together; empty where none was to be.
KeyedValues asked_pair_values(const Evaluation& evaluation);

// What the charts are made of: how many helices have how many pairs, how many loops how many nucleotides, how many
// suites are which conformer, and the paired share of every reference chain with its length.
nlohmann::ordered_json pairs_json(const Evaluation& evaluation);

// A sample to look at: its dot-bracket, its pairs (i, j, order; from 0), and where the suites are outliers.
nlohmann::ordered_json example_pairs_json(const MeasuredStructure& sample);

}  // namespace flashrna
