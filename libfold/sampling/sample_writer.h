// The folder of a sampling run: its files, their names, and which are missing.
//   len_00120_sample_007.cif      a sample, written atomically; with --format models instead one file per batch,
//                                 len_00120_samples_000-031.cif; new samples of a batch that grew, in another
//   len_00120_sample_007.fasta    with --design-sequence: the sequences proposed for a sample (sequence_design.h)
//   len_00120_samples_000-031.trajectory.h5   with --trajectory: the trajectory of a batch (trajectory.h)
//   samples.csv                   one row per sample: file, SHA-256 and simple checks of its geometry
//   timings.csv                   one row per batch
//   structures.dbn                drawn secondary structures by sample (drawn_structures.h), written by the command
//   config.ini                    the run's options and, as comments, the numbers drawn for each contig. It is the spec
//                                 of the run (spec_file.h)
// A folder may be asked for more lengths or more samples, which keeps its samples; other options throw Error.
// Shards of a run share a folder. Each has its own tables, samples.3-of-16.csv, and copies rows for its samples that
// other shards wrote when the run was divided differently. An unsharded run thereby merges the tables of all shards.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sample_output.h"
#include "libfold/sampling/sample_plan.h"
#include "libfold/sampling/sample_table.h"

namespace flashrna {

class SampleWriter {
 public:
  // Opens or creates `folder` for the shard's part of `plan` = plan_batches(config). Throws Error if the folder holds a
  // training run or samples of another run (the message names the difference), if another process makes samples of this
  // part, if the reference is unsuitable, or if the SHA-256 of a sample's file is not that in the table (the message
  // names the files).
  SampleWriter(const SampleConfig& config, const std::vector<PlannedBatch>& plan, const std::string& folder,
               const Shard& shard = {});

  // Whether files and rows of all samples of the batch exist, and its trajectory if requested.
  bool has(const PlannedBatch& batch) const;
  // Writes the missing files of the batch, then the missing rows. `seconds`: time spent sampling its backbones.
  void write(const PlannedBatch& batch, const std::vector<SampledBackbone>& backbones, double seconds);

  std::string trajectory_path(const PlannedBatch& batch) const;
  std::string path_of(const PlannedSample& sample) const;  // the sample must exist
  // The sample's values by column of samples.csv. The sample must exist.
  const SampleTable::Row& row(const PlannedSample& sample) const;

 private:
  void make_folder() const;
  void lock();
  std::vector<std::string> others_at_work() const;
  void claim(bool in_use, const std::vector<PlannedBatch>& plan) const;
  void write_config(const std::vector<PlannedBatch>& plan) const;
  void remove_temporary_files() const;
  // The rows with these names in the folder's tables "<stem>*.csv".
  SampleTable::Rows stored_rows(const std::string& stem, const std::vector<std::string>& columns,
                                const std::set<std::string>& names) const;
  // Adds those that the table lacks.
  void take_over(SampleTable& table, const std::string& stem, const std::set<std::string>& names) const;
  bool is_in_use() const;
  // Whether the folder has a config.ini, and the request is for more lengths or samples than it says. Throws Error if
  // another option differs or if fewer are asked for.
  bool check_same_run() const;
  void check_hashes() const;
  std::vector<std::size_t> places_of_new_models(const PlannedBatch& batch) const;
  bool has(const PlannedSample& sample) const;
  std::string in_folder(const std::string& name) const;
  std::string write_file(const std::string& name, const std::string& text) const;
  SampleTable::Row row_of(const PlannedSample& sample, int model, SampleTable::Row measures) const;

  SampleConfig config_;
  std::string folder_;
  Shard shard_;
  std::set<std::string> sample_names_, batch_names_;  // of the shard
  std::unique_ptr<SampleOutput> output_;
  std::unique_ptr<FileLock> lock_;
  std::optional<SampleTable> samples_, timings_;
};

}  // namespace flashrna
