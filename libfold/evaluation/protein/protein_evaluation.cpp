#include "libfold/evaluation/protein/protein_evaluation.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "base/thread_limits.h"
#include "libfold/evaluation/protein/ramachandran.h"
#include "protein/measure/local_geometry.h"

namespace flashrna {
namespace {

void check(const EvaluationSettings& settings) {
  if (!settings.pairs.empty()) fail_usage("--pairs {}: proteins have no base pairs", settings.pairs);
  if (settings.programs) fail_usage("--inverse-folding and --folding are for RNA");
  if (settings.judge) fail_usage("--judge is for RNA");
}

std::vector<std::vector<Vec3>> chains_of(const ProteinSet& set) {
  std::vector<std::vector<Vec3>> chains;
  for (const MeasuredProtein& structure : set.structures) chains.push_back(structure.ca);
  return chains;
}

void compare_with_reference(ProteinEvaluation& evaluation, int threads) {
  const auto measures = protein_measures();
  const ProteinSet none;
  const ProteinSet& reference = evaluation.reference ? *evaluation.reference : none;
  evaluation.distributions.resize(measures.size());
  parallel_for(measures.size(), threads, [&](std::size_t k) {
    evaluation.distributions[k] =
        compare_distributions(evaluation.samples.values[k], reference.values[k], measures[k].kind);
  });
  evaluation.ramachandran = ramachandran_distance(evaluation.samples.phi_psi, reference.phi_psi);
  std::vector<GyrationPoint> points;
  for (const MeasuredProtein& structure : reference.structures) {
    points.push_back({structure.measures.residues, structure.measures.radius_of_gyration});
  }
  evaluation.gyration = fit_gyration(points);
}

}  // namespace

std::vector<std::size_t> ProteinEvaluation::ranking() const {
  std::vector<std::size_t> order(samples.structures.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](std::size_t i) { return samples.structures[i].measures.defects_per_100_residues(); });
  return order;
}

std::optional<ProteinEvaluation> evaluate_proteins(const EvaluationSettings& settings, const EvaluationCalls& calls) {
  check(settings);
  const int threads = thread_count(settings.threads);
  const auto stopped = [&] { return calls.stop && calls.stop(); };
  ProteinEvaluation evaluation;
  evaluation.settings = settings;
  ReadSetOptions options;
  options.unit = settings.unit;
  options.keep_backbones = true;
  options.threads = threads;
  evaluation.samples = read_protein_files(settings.samples, options, stage_watch(calls, "reading samples", "files"));
  if (!settings.reference.empty() && !stopped()) {
    options.keep_backbones = false;
    options.split = settings.reference_split;
    evaluation.reference =
        read_protein_reference(settings.reference, options, stage_watch(calls, "reading the reference", "chains"));
  }
  if (stopped()) return std::nullopt;
  compare_with_reference(evaluation, threads);
  if (!settings.native.empty()) {
    const NativeProteins natives(settings.native);
    for (const MeasuredProtein& sample : evaluation.samples.structures) {
      evaluation.native.push_back(natives.compare(sample));
    }
  }
  const std::vector<std::vector<Vec3>> chains = chains_of(evaluation.samples);
  if (settings.diversity && !stopped()) {
    evaluation.diversity = find_diversity(chains, kSameProteinFold, TmScale::kProtein, threads, calls);
  }
  if (settings.novelty && evaluation.reference && !stopped()) {
    evaluation.novelty = find_novelty(chains, chains_of(*evaluation.reference), threads,
                                      stage_watch(calls, "searching the reference", "samples"), TmScale::kProtein);
  }
  if (stopped()) return std::nullopt;
  return evaluation;
}

}  // namespace flashrna
