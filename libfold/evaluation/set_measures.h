// The measures of a whole set: `measures` of summary.json, which thresholds and reports read.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/evaluation.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {

// A measure of the whole set, with the reference's value. docs/evaluation.md defines the keys.
struct SetMeasure {
  std::string key;
  std::optional<double> samples;    // nullopt: undefined or not requested
  std::optional<double> reference;  // nullopt also for measures that a reference does not have
};

std::vector<SetMeasure> set_measures(const Evaluation& evaluation);

// Those of the reference are set beside those of the samples, which come first and in the same order.
void set_reference(const KeyedValues& reference, std::vector<SetMeasure>& measures);

// Clusters, d_raw and mean_pair_tm; the measures of the search of the nearest reference chain. Nothing where it was not
// requested. `cut`: TM-score of the same fold.
void add_diversity(const std::optional<Diversity>& diversity, std::size_t n_samples, std::vector<SetMeasure>& measures);
void add_novelty(const std::optional<NoveltySearch>& search, double cut, std::vector<SetMeasure>& measures);

// {key: {samples, reference, unit}}.
nlohmann::ordered_json measures_json(const std::vector<SetMeasure>& measures);

// Valid samples among those with a self-consistency score. Requires evaluation.consistency.
Proportion validity_of(const Evaluation& evaluation);

}  // namespace flashrna
