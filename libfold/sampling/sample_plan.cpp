#include "libfold/sampling/sample_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <set>

#include "base/error.h"
#include "datasets/batches.h"

namespace flashrna {

std::vector<int> PlannedBatch::lengths() const { return std::vector<int>(samples.size(), length); }

std::vector<std::uint64_t> PlannedBatch::indices() const {
  std::vector<std::uint64_t> indices;
  for (const PlannedSample& sample : samples) indices.push_back(sample.index);
  return indices;
}

std::vector<PlannedBatch> Shard::part_of(const std::vector<PlannedBatch>& batches) const {
  std::vector<PlannedBatch> part;
  for (auto i = static_cast<std::size_t>(number) - 1; i < batches.size(); i += static_cast<std::size_t>(count))
    part.push_back(batches[i]);
  return part;
}

std::string Shard::file_name(const std::string& stem, const std::string& ending) const {
  return count == 1 ? stem + ending : fmt::format("{}.{}-of-{}{}", stem, number, count, ending);
}

Shard parse_shard(const std::string& text) {
  if (text.empty()) return {};
  Shard shard;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  const bool has_slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto count = std::from_chars(has_slash ? number.ptr + 1 : end, end, shard.count);
  if (!has_slash || count.ec != std::errc() || count.ptr != end || shard.number < 1 || shard.number > shard.count)
    fail_usage("--shard {}: must be K/N with K from 1 to N, such as 3/16", text);
  return shard;
}

namespace {

// The name of a structure as a prefix of file names.
std::string file_stem(const std::string& name, std::size_t number) {
  std::string stem;
  for (char c : name.substr(0, name.find_first_of(" \t")))
    stem += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ? c : '_';
  return stem.empty() ? fmt::format("structure_{:03d}", number) : stem;
}

std::vector<PlannedBatch> plan_structures(const SampleConfig& config) {
  const auto digits = std::max<std::size_t>(3, std::to_string(config.samples - 1).size());
  std::vector<PlannedBatch> batches;
  std::set<std::string> stems;
  const std::vector<SecondaryStructureRecord> structures = asked_structures(config);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    const auto length = static_cast<int>(structures[s].partner.size());
    std::string stem = file_stem(structures[s].name, s);
    if (!stems.insert(stem).second) stems.insert(stem += fmt::format("_{:03d}", s));
    const auto at_once = std::max<long>(1, config.max_residues / length);
    for (long first = 0; first < config.samples; first += at_once) {
      const long last = std::min<long>(first + at_once, config.samples) - 1;
      PlannedBatch batch;
      batch.name = fmt::format("{}_samples_{:0{}d}-{:0{}d}", stem, first, digits, last, digits);
      batch.length = length;
      for (long i = first; i <= last; ++i)
        batch.samples.push_back(
            {length,
             static_cast<std::uint64_t>(s) * static_cast<std::uint64_t>(config.samples) + static_cast<std::uint64_t>(i),
             fmt::format("{}_sample_{:0{}d}", stem, i, digits), structures[s].partner});
      batches.push_back(std::move(batch));
    }
  }
  return batches;
}

}  // namespace

std::vector<PlannedBatch> plan_batches(const SampleConfig& config) {
  if (config.gives_structures()) return plan_structures(config);
  const auto digits = std::max<std::size_t>(3, std::to_string(config.samples - 1).size());
  std::vector<PlannedSample> samples;
  std::vector<int> lengths;
  for (int length : parse_lengths(config.lengths)) {
    for (int index = 0; index < config.samples; ++index) {
      samples.push_back({length,
                         static_cast<std::uint64_t>(index),
                         fmt::format("len_{:05d}_sample_{:0{}d}", length, index, digits),
                         {}});
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
