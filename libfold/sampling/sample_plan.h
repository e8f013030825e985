// Plans the samples of a run, their names, and their batches. The plan depends only on the whole request, not on
// existing files, because the batch of a sample affects the rounding of its coordinates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/sampling/sample_config.h"

namespace flashrna {

struct PlannedSample {
  int length = 0;
  std::uint64_t index = 0;  // 0 .. samples - 1 within the length; with given structures, counted over all of them
  // "len_00120_sample_007": names sort in the order of lengths and indices. With a given structure, "NAME_sample_007".
  std::string name;
  std::vector<int> partner;  // [length], its secondary structure; empty = none is asked for
};

// Samples of one length with consecutive indices, as many as `max_residues` allows.
struct PlannedBatch {
  std::string name;  // "len_00120_samples_000-031"
  int length = 0;
  std::vector<PlannedSample> samples;

  std::vector<int> lengths() const;            // by sample
  std::vector<std::uint64_t> indices() const;  // by sample
};

// Part `number` of `count` of a run, for one job of a cluster's job array. Consists of whole batches, so that its files
// equal those of an unsharded run. Takes every count-th batch, so that long and short batches are distributed evenly.
struct Shard {
  int number = 1;  // 1.. count
  int count = 1;

  std::vector<PlannedBatch> part_of(const std::vector<PlannedBatch>& batches) const;
  // "samples.csv" for an unsharded run, "samples.3-of-16.csv" for a shard.
  std::string file_name(const std::string& stem, const std::string& ending) const;
};

// "3/16"; "" = unsharded. Throws UsageError.
Shard parse_shard(const std::string& text);

// All batches of a run, sorted by length, then by index; with given secondary structures, in their order. Throws Error
// for structures that cannot be read.
std::vector<PlannedBatch> plan_batches(const SampleConfig& config);

}  // namespace flashrna
