// The folder of a sampling run: what it holds, under which names, and what is still missing. One structure file per
// sample, written whole or not at all, and samples.csv, one row per sample with simple checks of its geometry.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libfold/sampling/sampled_backbone.h"

namespace flashrna {

class Configuration;

// What decides the bytes of a sampling run; saved as the folder's config.ini.
struct SampleConfig {
  std::string checkpoint;
  std::string checkpoint_sha256;
  std::string weights = "ema";  // ema (raw where the checkpoint has no average), raw
  std::string lengths;          // see parse_lengths
  int samples = 10;             // per length
  int steps = 50;               // calls of the model per sample, >= 2
  std::uint64_t seed = 0;
  long max_residues = 4096;      // per batch; a longer sample runs alone
  std::string format = "cif";    // cif, pdb
  std::string nucleotide = "N";  // residue name of every nucleotide: N, A, C, G or U
  std::string reference;         // structure file; "" = none
  std::string reference_chain;   // "" = its first chain with RNA

  void add_options(Configuration& configuration);  // section [sample]
  void validate() const;                           // throws UsageError naming the option
};

// "40,60-120:20" -> 40, 60, 80, 100, 120; sorted, without repeats. Throws UsageError naming the value and the grammar.
std::vector<int> parse_lengths(const std::string& text);

struct PlannedSample {
  int length = 0;
  std::uint64_t index = 0;  // 0.. samples - 1 within the length
  std::string name;         // "len_00120_sample_007": names sort as lengths and indices do
};

// All samples of a run, by length, then by index.
std::vector<PlannedSample> plan_samples(const SampleConfig& config);

class SampleWriter {
 public:
  // Opens or makes `folder`. Throws Error if it holds the samples of another run, saying what differs, or a training
  // run; UsageError if the reference cannot serve.
  SampleWriter(const SampleConfig& config, const std::string& folder);

  // Whether the sample's file and its row of samples.csv are there.
  bool has(const PlannedSample& sample) const;
  // Writes what is missing of the sample: its file, then its row.
  void write(const PlannedSample& sample, const SampledBackbone& backbone);

  std::string path_of(const PlannedSample& sample) const;
  // The samples' values by column of samples.csv; the sample must be there.
  const std::map<std::string, std::string>& row(const PlannedSample& sample) const;

 private:
  using Row = std::map<std::string, std::string>;

  void check_same_run() const;
  void read_table();
  void write_table() const;
  std::string file_name(const PlannedSample& sample) const;

  SampleConfig config_;
  std::string folder_;
  std::vector<std::string> columns_;
  std::optional<Chain> reference_;
  std::map<std::string, Row> rows_;  // by name
};

}  // namespace flashrna
