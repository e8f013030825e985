#include "libfold/sampling/sample_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "datasets/batches.h"

namespace flashrna {

std::vector<int> PlannedBatch::lengths() const { return std::vector<int>(samples.size(), length); }

std::vector<std::uint64_t> PlannedBatch::indices() const {
  std::vector<std::uint64_t> indices;
  for (const PlannedSample& sample : samples) indices.push_back(sample.index);
  return indices;
}

std::vector<PlannedBatch> plan_batches(const SampleConfig& config) {
  const auto digits = std::max<std::size_t>(3, std::to_string(config.samples - 1).size());
  std::vector<PlannedSample> samples;
  std::vector<int> lengths;
  for (int length : parse_lengths(config.lengths)) {
    for (int index = 0; index < config.samples; ++index) {
      samples.push_back(
          {length, static_cast<std::uint64_t>(index), fmt::format("len_{:05d}_sample_{:0{}d}", length, index, digits)});
      lengths.push_back(length);
    }
  }
  std::vector<PlannedBatch> batches;
  for (const std::vector<std::size_t>& members :
       plan_equal_lengths(lengths, {std::numeric_limits<int>::max(), config.max_residues, 0})) {
    PlannedBatch batch;
    for (std::size_t i : members) batch.samples.push_back(samples[i]);
    batch.length = batch.samples.front().length;
    batch.name = fmt::format("len_{:05d}_samples_{:0{}d}-{:0{}d}", batch.length, batch.samples.front().index, digits,
                             batch.samples.back().index, digits);
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace flashrna
