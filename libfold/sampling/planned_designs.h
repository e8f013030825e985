// The designs that the options of a run ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libfold/design/design.h"
#include "libfold/sampling/sample_config.h"

namespace flashrna {

// The samples of one name, `config.samples` of them.
struct DesignSeries {
  std::string stem;               // of their names (libfold/design/sample_name.h)
  std::uint64_t first_index = 0;  // with seed and length it determines the noise; independent of the number of samples
  std::vector<std::shared_ptr<const Design>> designs;  // one for all samples, or one per sample

  const std::shared_ptr<const Design>& of(std::uint64_t sample) const {
    return designs.size() == 1 ? designs.front() : designs.at(sample);
  }
};

// Reads each file once. With --lengths in ascending order; with several structures or sequences in theirs. The numbers
// of new residues of a contig are drawn from the stream (seed, "contig", index of the sample). Throws Error, or
// UsageError for options that contradict each other.
std::vector<DesignSeries> plan_designs(const SampleConfig& config);

}  // namespace flashrna
