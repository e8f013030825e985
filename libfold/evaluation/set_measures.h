// The measures of a whole set: `measures` of summary.json, which thresholds and reports read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/evaluation.h"

namespace flashrna {

// A measure of the whole set, with the reference's value. docs/evaluation.md defines the keys.
struct SetMeasure {
  std::string key;
  std::optional<double> samples;    // nullopt: undefined or not requested
  std::optional<double> reference;  // nullopt also for measures that a reference does not have
};

std::vector<SetMeasure> set_measures(const Evaluation& evaluation);

// Valid samples among those with a self-consistency score. Requires evaluation.consistency.
Proportion validity_of(const Evaluation& evaluation);

}  // namespace flashrna
