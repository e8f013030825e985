#include "libfold/sampling/sample_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "libfold/design/sample_name.h"
#include "libfold/sampling/planned_designs.h"
#include "libfold/sampling/symmetry.h"

namespace flashrna {

namespace {

// The end of the chain takes a number too.
constexpr int longest_in_pdb(bool all_atom) { return (99'999 - 1) / (all_atom ? kAtomSlots : kBackboneAtoms); }

}  // namespace

std::vector<int> PlannedBatch::lengths() const {
  std::vector<int> lengths;
  for (const PlannedSample& sample : samples) lengths.push_back(sample.length());
  return lengths;
}

int PlannedBatch::longest() const { return std::ranges::max(lengths()); }

long PlannedBatch::residues() const {
  long residues = 0;
  for (const PlannedSample& sample : samples) residues += sample.length();
  return residues;
}

std::vector<std::uint64_t> PlannedBatch::indices() const {
  std::vector<std::uint64_t> indices;
  for (const PlannedSample& sample : samples) indices.push_back(sample.index);
  return indices;
}

std::vector<PlannedBatch> part_of(const std::vector<PlannedBatch>& batches, const Shard& shard) {
  std::vector<PlannedBatch> part;
  for (std::size_t i = 0; i < batches.size(); ++i)
    if (shard.takes(i)) part.push_back(batches[i]);
  return part;
}

namespace {

// Batches of one series. `copies`: of each residue that the network sees.
void append_batches(const DesignSeries& series, const SampleConfig& config, int copies,
                    std::vector<PlannedBatch>& batches) {
  std::vector<PlannedSample> samples;
  int longest = 0;
  std::uint64_t first = 0;  // of the batch in hand
  const auto end_batch = [&] {
    const std::uint64_t last = first + samples.size() - 1;
    batches.push_back({batch_name(series.stem, first, last), std::move(samples)});
    samples.clear();
    longest = 0, first = last + 1;
  };
  for (int i = 0; i < config.samples; ++i) {
    const auto number = static_cast<std::uint64_t>(i);
    const std::shared_ptr<const Design>& design = series.of(number);
    longest = std::max(longest, design->length());
    // Shorter samples are padded to the longest.
    const long residues = static_cast<long>(samples.size() + 1) * longest * copies;
    if (!samples.empty() && residues > config.max_residues) {
      end_batch();
      longest = design->length();
    }
    samples.push_back({design, series.first_index + number, sample_name(series.stem, number)});
  }
  end_batch();
}

}  // namespace

std::vector<PlannedBatch> plan_batches(const SampleConfig& config) {
  const int copies = config.symmetry.empty() ? 1 : rotation_group(config.symmetry).order();
  std::vector<PlannedBatch> batches;
  for (const DesignSeries& series : plan_designs(config)) append_batches(series, config, copies, batches);
  int longest = 0;
  for (const PlannedBatch& batch : batches) longest = std::max(longest, batch.longest() * copies);
  if ((config.format == "pdb" || config.format == "both") && longest > longest_in_pdb(config.all_atom))
    fail_usage("--format {}: the PDB format ends at 99,999 atoms, {} residues, not {}; give --format cif",
               config.format, longest_in_pdb(config.all_atom), longest);
  return batches;
}

}  // namespace flashrna
