// Which samples a run makes, under which names, and which are made together. The plan follows from the whole request,
// never from what is there already: the batch a sample is in decides the rounding of its coordinates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/sampling/sample_config.h"

namespace flashrna {

struct PlannedSample {
  int length = 0;
  std::uint64_t index = 0;  // 0.. samples - 1 within the length; of given structures, counted over all of them
  // "len_00120_sample_007": names sort as lengths and indices do; of a given structure "NAME_sample_007"
  std::string name;
};

// Samples of one length with indices that follow each other, as many as `max_residues` allows.
struct PlannedBatch {
  std::string name;  // "len_00120_samples_000-031"
  int length = 0;
  std::vector<int> partner;  // [length] of the secondary structure that is asked for; empty = none is
  std::vector<PlannedSample> samples;

  std::vector<int> lengths() const;            // by sample
  std::vector<std::uint64_t> indices() const;  // by sample
};

// Part `number` of `count` of a run, for one job of a cluster's array. Whole batches, so that its files are those of
// the run in one piece; every count-th of them, so that long and short ones are shared fairly.
struct Shard {
  int number = 1;  // 1.. count
  int count = 1;

  std::vector<PlannedBatch> part_of(const std::vector<PlannedBatch>& batches) const;
  // "samples.csv" of a run in one piece, "samples.3-of-16.csv" of a part.
  std::string file_name(const std::string& stem, const std::string& ending) const;
};

// "3/16"; "" is the whole. Throws UsageError.
Shard parse_shard(const std::string& text);

// All batches of a run, by length, then by index; of given secondary structures, in their order. Throws Error for
// structures that cannot be read.
std::vector<PlannedBatch> plan_batches(const SampleConfig& config);

}  // namespace flashrna
