// Evaluates a set of structures: each alone, against one another, and against a reference.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/shard.h"
#include "libfold/evaluation/asked_pairs.h"
#include "libfold/evaluation/distributions.h"
#include "libfold/evaluation/gyration_fit.h"
#include "libfold/evaluation/judge.h"
#include "libfold/evaluation/native_comparison.h"
#include "libfold/evaluation/novelty.h"
#include "libfold/evaluation/self_consistency.h"
#include "libfold/evaluation/structure_set.h"
#include "rna/compare/structure_clusters.h"

namespace flashrna {

// TM-score from which two structures count as the same fold (RNA-FrameFlow), for clusters and for validity by
// self-consistency.
inline constexpr double kSameFold = 0.45;

// Largest number of samples per length whose pairs are compared, the first ones; the work grows with its square.
inline constexpr std::size_t kComparedPerLength = 20;

struct EvaluationSettings {
  std::vector<std::string> samples;
  StructureUnit unit = StructureUnit::kModel;
  std::string reference;        // dataset or structures; "" = none
  std::string reference_split;  // of a dataset; "" = all
  std::string native;           // a structure file, or a folder of them; "" = none
  std::string pairs;            // a file of requested secondary structures, or a folder; "" = none
  bool diversity = true;
  bool novelty = true;                              // where there is a reference
  std::optional<SelfConsistencySettings> programs;  // none: no self-consistency
  std::optional<JudgeSettings> judge;               // none: no judge
  int threads = 0;                                  // 0: base/thread_limits.h
  // For jobs of an array. A shard searches the reference and runs the programs for its samples only, and keeps the
  // results below `parts`; `join` takes them from there, which gives the evaluation of the whole.
  Shard shard;
  bool join = false;
  std::string parts;
};

struct EvaluationCalls {
  // Called from any thread. `stage`: "reading samples", "searching the reference", ...; total 0 = unknown.
  std::function<void(const std::string& stage, const std::string& unit, std::size_t done, std::size_t total)> progress;
  std::function<bool()> stop;
};

struct Diversity {
  std::vector<int> cluster;  // by sample
  std::size_t clusters = 0;
  std::optional<double> mean_pair_tm;         // nullopt if no two samples have the same length
  std::optional<std::size_t> valid_clusters;  // among the valid samples only; needs self-consistency
};

struct Evaluation {
  EvaluationSettings settings;
  StructureSet samples;
  std::optional<StructureSet> reference;
  std::vector<DistributionComparison> distributions;  // in the order of distributed_measures()
  GyrationFit gyration;                               // NaN without a reference
  std::optional<Diversity> diversity;
  std::optional<NoveltySearch> novelty;
  std::vector<std::optional<NativeComparison>> native;  // by sample; empty if not requested
  std::vector<std::optional<PairComparison>> pairs;     // by sample, as `native`
  std::optional<SelfConsistency> consistency;
  std::optional<Judgment> judgment;

  // Whether the sample is self-consistent with a TM-score of at least kSameFold; false without a score.
  bool valid(std::size_t sample) const;
  // Samples from best to worst: by scTM with self-consistency, samples without a score last; otherwise by defects per
  // 100 nt.
  std::vector<std::size_t> ranking() const;
};

// Follows one stage. `stage` and `unit` are constants.
Watch stage_watch(const EvaluationCalls& calls, const char* stage, const char* unit);

// Clusters of `chains` (C3' or CA) at the TM-score `cut`, and the mean TM-score of chains of one length; without
// valid_clusters. The values are meaningless if stop() ended the work.
Diversity find_diversity(const std::vector<std::vector<Vec3>>& chains, double cut, TmScale scale, int threads,
                         const EvaluationCalls& calls);

// Returns nullopt if stop() ended it. Of a shard the result has the inputs only. Throws Error if an input is missing or
// holds nothing to measure.
std::optional<Evaluation> evaluate(const EvaluationSettings& settings, const EvaluationCalls& calls = {});

}  // namespace flashrna
