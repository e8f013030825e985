// Parts of summary.json that evaluations of RNA and of proteins share.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "libfold/evaluation/distributions.h"
#include "libfold/evaluation/gyration_fit.h"
#include "libfold/evaluation/set_options.h"

namespace flashrna {

// `without`: the key of files without a chain of the polymer, "without_rna".
nlohmann::ordered_json set_json(const SetSource& set, std::size_t n_structures, std::int64_t residues,
                                const char* without);

nlohmann::ordered_json distribution_json(const DistributionComparison& comparison, MeasureKind kind);

// At most 4,000 pairs of torsions at equal steps, in degrees, rounded to 0.1, as two lists called `first` and `second`.
nlohmann::ordered_json torsion_points_json(std::span<const std::array<float, 2>> pairs, const char* first,
                                           const char* second);

// `reference`: lengths and radii, nullopt without a reference.
nlohmann::ordered_json gyration_json(const GyrationFit& fit,
                                     const std::optional<std::vector<GyrationPoint>>& reference);

}  // namespace flashrna
