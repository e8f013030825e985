// What of samples depends on their polymer: the text of their files and their measures. One implementation per polymer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sample_plan.h"
#include "libfold/sampling/sample_table.h"

namespace flashrna {

// The samples of a batch as structures, by their places in the batch.
class FinishedSamples {
 public:
  virtual ~FinishedSamples() = default;
  virtual std::string mmcif(std::size_t b) const = 0;
  virtual std::string pdb(std::size_t b) const = 0;
  // Those at `places` as models of one file of the entry `name`, with --format models.
  virtual std::string models_mmcif(const std::string& name, const std::vector<std::size_t>& places) const = 0;
  virtual std::string fasta(std::size_t b) const = 0;          // of the proposed sequences; empty: none
  virtual SampleTable::Row measures(std::size_t b) const = 0;  // a cell for each of measure_columns()
};

class SampleOutput {
 public:
  virtual ~SampleOutput() = default;
  virtual std::vector<std::string> measure_columns() const = 0;
  virtual std::unique_ptr<FinishedSamples> finish(const PlannedBatch& batch,
                                                  const std::vector<SampledBackbone>& backbones) const = 0;
};

// For the polymer of `config`. Reads the reference; throws Error if it is unsuitable.
std::unique_ptr<SampleOutput> make_sample_output(const SampleConfig& config);

// Columns of samples.csv that the command prints.
std::vector<std::string> printed_columns(const SampleConfig& config);

// The implementations.
std::unique_ptr<SampleOutput> rna_sample_output(const SampleConfig& config);
std::unique_ptr<SampleOutput> protein_sample_output(const SampleConfig& config);

}  // namespace flashrna
