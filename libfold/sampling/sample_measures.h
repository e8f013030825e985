// What samples.csv says about a sample beside its file: the geometry of its backbone, and how it keeps its design.
#pragma once

#include <string>
#include <vector>

#include "libfold/design/design.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sample_table.h"
#include "rna/structure.h"

namespace flashrna {

// The columns of a run with these options, in their order.
std::vector<std::string> measure_columns(const SampleConfig& config);

// A cell for each of them. `sample`: a structure that make_structure (sampled_structure.h) made for `design`.
// `reference`: nullptr without one.
SampleTable::Row measure_sample(const Structure& sample, const Design& design, const SampleConfig& config,
                                const Chain* reference);

}  // namespace flashrna
