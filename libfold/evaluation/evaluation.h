// An evaluation: a set of structures measured alone, against one another, and against a reference.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

// Structures at least this alike are one fold (RNA-FrameFlow): clusters, and validity by self-consistency.
inline constexpr double kSameFold = 0.45;

// Samples of one length whose pairs are compared: the first ones. The work grows with their square.
inline constexpr std::size_t kComparedPerLength = 20;

struct EvaluationSettings {
  std::vector<std::string> samples;
  StructureUnit unit = StructureUnit::kModel;
  std::string reference;        // dataset or structures; "" = none
  std::string reference_split;  // of a dataset; "" = all
  std::string native;           // a structure file, or a folder of them; "" = none
  std::string pairs;            // a file of secondary structures that were asked for, or a folder; "" = none
  bool diversity = true;
  bool novelty = true;                              // where there is a reference
  std::optional<SelfConsistencySettings> programs;  // none: no self-consistency
  std::optional<JudgeSettings> judge;               // none: no judge
  int threads = 0;                                  // 0 = one per core
};

struct EvaluationCalls {
  // From any thread; `stage`: "reading samples", "searching the reference", ...; total 0: not known.
  std::function<void(const std::string& stage, const std::string& unit, std::size_t done, std::size_t total)> progress;
  std::function<bool()> stop;
};

struct Diversity {
  std::vector<int> cluster;  // by sample
  std::size_t clusters = 0;
  std::optional<double> mean_pair_tm;         // none where no two samples are of one length
  std::optional<std::size_t> valid_clusters;  // of the valid samples alone; with self-consistency
};

struct Evaluation {
  EvaluationSettings settings;
  StructureSet samples;
  std::optional<StructureSet> reference;
  std::vector<DistributionComparison> distributions;  // by distributed_measures()
  GyrationFit gyration;                               // NaN without a reference
  std::optional<Diversity> diversity;
  std::optional<NoveltySearch> novelty;
  std::vector<std::optional<NativeComparison>> native;  // by sample; empty where none is asked for
  std::vector<std::optional<PairComparison>> pairs;     // by sample, as `native`
  std::optional<SelfConsistency> consistency;
  std::optional<Judgement> judgement;

  // Sample i is self-consistent with a TM-score of at least kSameFold; false without a score.
  bool valid(std::size_t sample) const;
  // Samples from the best to the worst: by scTM where there is one, else by defects per 100 nt; those without a score
  // last.
  std::vector<std::size_t> ranking() const;
};

// Nothing if stop() ended it. Throws Error for input that is missing or holds nothing to measure.
std::optional<Evaluation> evaluate(const EvaluationSettings& settings, const EvaluationCalls& calls = {});

}  // namespace flashrna
