// Plans the samples of a run, their names, and their batches. The plan depends only on the whole request, not on
// existing files, because the batch of a sample affects the rounding of its coordinates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/shard.h"
#include "libfold/design/design.h"
#include "libfold/sampling/sample_config.h"

namespace flashrna {

struct PlannedSample {
  std::shared_ptr<const Design> design;  // shared by the samples of a series
  std::uint64_t index = 0;               // with seed and length it determines the noise
  std::string name;                      // "len_00120_sample_007"; names of a series sort in the order of their indices

  int length() const { return design->length(); }
};

// Successive samples of a series, as many as `max_residues` allows.
struct PlannedBatch {
  std::string name;  // "len_00120_samples_000-031"
  std::vector<PlannedSample> samples;

  int longest() const;
  long residues() const;                       // of all samples together
  std::vector<int> lengths() const;            // by sample
  std::vector<std::uint64_t> indices() const;  // by sample
};

// The batches of one part of a run. Whole batches, so that its files equal those of the whole run; every count-th one,
// so that long and short batches are distributed evenly.
std::vector<PlannedBatch> part_of(const std::vector<PlannedBatch>& batches, const Shard& shard);

// All batches of a run, in the order of plan_designs (planned_designs.h), then of the samples. Reads the files of the
// request, each once. A larger number of samples keeps names, indices and designs, and every full batch. Throws Error
// as plan_designs does, and UsageError for a sample that does not fit into the PDB format if that is asked for.
std::vector<PlannedBatch> plan_batches(const SampleConfig& config);

}  // namespace flashrna
