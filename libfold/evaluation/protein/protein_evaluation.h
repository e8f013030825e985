// Evaluates a set of proteins: each alone, against one another, and against a reference. The form of its results is
// that of an evaluation of RNA (libfold/evaluation/evaluation.h); measures that only RNA has are absent.
#pragma once

#include <optional>
#include <vector>

#include "base/csv_table.h"
#include "libfold/evaluation/evaluation.h"
#include "libfold/evaluation/protein/protein_natives.h"
#include "libfold/evaluation/protein/protein_set.h"

namespace flashrna {

// TM-score from which two proteins count as the same fold (Xu & Zhang 2010, doi:10.1093/bioinformatics/btq066).
inline constexpr double kSameProteinFold = 0.5;

struct ProteinEvaluation {
  EvaluationSettings settings;
  ProteinSet samples;
  std::optional<ProteinSet> reference;
  std::vector<DistributionComparison> distributions;  // in the order of protein_measures()
  double ramachandran = 0.0;                          // radians; NaN without a reference
  GyrationFit gyration;                               // NaN without a reference
  std::optional<Diversity> diversity;
  std::optional<NoveltySearch> novelty;
  std::vector<std::optional<NativeProteinComparison>> native;  // by sample; empty if not requested

  // Samples by defects per 100 residues.
  std::vector<std::size_t> ranking() const;
};

// Returns nullopt if stop() ended it. Throws Error if an input is missing or holds nothing to measure, UsageError for
// settings that need RNA: pairs, self-consistency, a judge.
std::optional<ProteinEvaluation> evaluate_proteins(const EvaluationSettings& settings,
                                                   const EvaluationCalls& calls = {});

}  // namespace flashrna
