// From planned samples to a request of the sampler: designs as tensors.
#pragma once

#include <span>

#include "libfold/conditioning.h"
#include "libfold/sampling/sample_plan.h"
#include "libfold/sampling/sample_request.h"

namespace flashrna {

// The conditions that the designs of a run contain. Letters of a motif count as letters.
ConditioningKinds conditions_of(std::span<const PlannedBatch> batches);

// The request for a batch. Letters are a condition only with `letters_known`; a model that was trained without them
// gets none. Torsions that the atoms of a motif residue do not define are those of an A-form helix.
SampleRequest make_request(const PlannedBatch& batch, const SampleConfig& config, bool letters_known);

}  // namespace flashrna
