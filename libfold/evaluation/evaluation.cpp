#include "libfold/evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/parallel.h"
#include "datasets/ordered_pipeline.h"
#include "libfold/evaluation/novelty_parts.h"
#include "rna/compare/structure_alignment.h"

namespace flashrna {
namespace {

// Diversity::mean_pair_tm. The value is meaningless if stop() ended the computation.
std::optional<double> mean_pair_tm(const std::vector<std::vector<Vec3>>& chains, TmScale scale, int threads,
                                   const EvaluationCalls& calls) {
  std::map<std::size_t, std::vector<std::size_t>> of_length;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    std::vector<std::size_t>& alike = of_length[chains[i].size()];
    if (alike.size() == kComparedPerLength) continue;
    for (const std::size_t j : alike) pairs.emplace_back(j, i);
    alike.push_back(i);
  }
  if (pairs.empty()) return std::nullopt;
  std::vector<double> scores(pairs.size());
  const auto score = [&](std::size_t k) {
    const std::vector<Vec3>&a = chains[pairs[k].first], &b = chains[pairs[k].second];
    scores[k] = align_structures(a, b, static_cast<int>(a.size()), scale).score.value;
  };
  parallel_for(pairs.size(), threads, score, stage_watch(calls, "comparing samples of one length", "pairs"));
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

// The stages of one evaluation. run() returns nullopt if stop() ended it.
class Evaluator {
 public:
  Evaluator(const EvaluationSettings& settings, const EvaluationCalls& calls)
      : calls_(calls), threads_(thread_count(settings.threads)) {
    evaluation_.settings = settings;
  }

  std::optional<Evaluation> run() {
    const EvaluationSettings& settings = evaluation_.settings;
    if (settings.programs) settings.programs->validate();
    if (settings.judge) settings.judge->validate();
    read();
    if (stopped()) return std::nullopt;
    if (!settings.shard.whole()) {
      make_part();
      return stopped() ? std::nullopt : std::optional(std::move(evaluation_));
    }
    compare_with_reference();
    compare_with_natives();
    compare_with_asked_pairs();
    if (settings.programs) {
      evaluation_.consistency = check_consistency(evaluation_.samples.structures, *settings.programs,
                                                  watch("designing and folding", "samples"));
    }
    if (settings.judge && !stopped()) {
      evaluation_.judgment =
          judge_samples(evaluation_.samples.structures, *settings.judge, watch("judging", "samples"));
    }
    if (settings.diversity && !stopped()) compare_samples();
    if (settings.novelty && evaluation_.reference && !stopped()) {
      const auto samples = chains_of(evaluation_.samples), reference = chains_of(*evaluation_.reference);
      evaluation_.novelty =
          settings.join ? read_novelty_parts(novelty_parts_folder(settings.parts, samples, reference), samples.size(),
                                             reference.size())
                        : find_novelty(samples, reference, threads_, watch("searching the reference", "samples"));
    }
    if (stopped()) return std::nullopt;
    return std::move(evaluation_);
  }

 private:
  bool stopped() const { return calls_.stop && calls_.stop(); }
  std::size_t n_samples() const { return evaluation_.samples.structures.size(); }
  Watch watch(const char* stage, const char* unit) const { return stage_watch(calls_, stage, unit); }

  static std::vector<std::vector<Vec3>> chains_of(const StructureSet& set) {
    std::vector<std::vector<Vec3>> chains;
    for (const MeasuredStructure& structure : set.structures) chains.push_back(structure.c3);
    return chains;
  }

  void read() {
    const EvaluationSettings& settings = evaluation_.settings;
    ReadSetOptions options;
    options.unit = settings.unit;
    options.keep_backbones = true;
    options.threads = threads_;
    evaluation_.samples = read_structure_files(settings.samples, options, watch("reading samples", "files"));
    if (settings.reference.empty() || stopped()) return;
    options.keep_backbones = false;
    options.split = settings.reference_split;
    evaluation_.reference = read_reference(settings.reference, options, watch("reading the reference", "chains"));
  }

  // The programs keep their results by themselves.
  void make_part() {
    const EvaluationSettings& settings = evaluation_.settings;
    std::vector<MeasuredStructure> own;
    for (std::size_t i = 0; i < n_samples(); ++i)
      if (settings.shard.takes(i)) own.push_back(evaluation_.samples.structures[i]);
    if (settings.programs) check_consistency(own, *settings.programs, watch("designing and folding", "samples"));
    if (settings.judge && !stopped()) judge_samples(own, *settings.judge, watch("judging", "samples"));
    if (!settings.novelty || !evaluation_.reference || stopped()) return;
    std::vector<std::vector<Vec3>> own_chains;
    for (const MeasuredStructure& structure : own) own_chains.push_back(structure.c3);
    const auto reference = chains_of(*evaluation_.reference);
    const NoveltySearch search =
        find_novelty(own_chains, reference, threads_, watch("searching the reference", "samples"));
    if (stopped()) return;
    write_novelty_part(novelty_parts_folder(settings.parts, chains_of(evaluation_.samples), reference), settings.shard,
                       search);
  }

  void compare_with_reference() {
    const auto measures = distributed_measures();
    const MeasuredValues none = no_values();
    const MeasuredValues& reference = evaluation_.reference ? evaluation_.reference->values : none;
    evaluation_.distributions.resize(measures.size());
    parallel_for(measures.size(), threads_, [&](std::size_t k) {
      evaluation_.distributions[k] =
          compare_distributions(evaluation_.samples.values[k], reference[k], measures[k].kind);
    });
    std::vector<GyrationPoint> points;
    if (evaluation_.reference) {
      for (const MeasuredStructure& structure : evaluation_.reference->structures) {
        points.push_back({structure.measures.residues, structure.measures.radius_of_gyration});
      }
    }
    evaluation_.gyration = fit_gyration(points);
  }

  void compare_with_natives() {
    if (evaluation_.settings.native.empty()) return;
    const NativeStructures natives(evaluation_.settings.native);
    evaluation_.native.resize(n_samples());
    parallel_for(n_samples(), threads_,
                 [&](std::size_t i) { evaluation_.native[i] = natives.compare(evaluation_.samples.structures[i]); });
  }

  void compare_with_asked_pairs() {
    if (evaluation_.settings.pairs.empty()) return;
    const AskedPairs asked(evaluation_.settings.pairs);
    for (const MeasuredStructure& sample : evaluation_.samples.structures) {
      evaluation_.pairs.push_back(asked.compare(sample));
    }
  }

  void compare_samples() {
    const std::vector<std::vector<Vec3>> chains = chains_of(evaluation_.samples);
    evaluation_.diversity = find_diversity(chains, kSameFold, TmScale::kRna, threads_, calls_);
    if (!evaluation_.consistency) return;
    std::vector<std::vector<Vec3>> valid;
    for (std::size_t i = 0; i < chains.size(); ++i) {
      if (evaluation_.valid(i)) valid.push_back(chains[i]);
    }
    ClusterSettings settings;
    settings.cut = kSameFold;
    settings.threads = threads_;
    evaluation_.diversity->valid_clusters =
        cluster_structures(valid, settings, {nullptr, calls_.stop}).representatives.size();
  }

  const EvaluationCalls& calls_;
  int threads_;
  Evaluation evaluation_;
};

}  // namespace

Watch stage_watch(const EvaluationCalls& calls, const char* stage, const char* unit) {
  Watch watch;
  watch.stop = calls.stop;
  if (calls.progress) {
    watch.progress = [&calls, stage, unit](std::size_t done, std::size_t total) {
      calls.progress(stage, unit, done, total);
    };
  }
  return watch;
}

Diversity find_diversity(const std::vector<std::vector<Vec3>>& chains, double cut, TmScale scale, int threads,
                         const EvaluationCalls& calls) {
  ClusterSettings settings;
  settings.cut = cut;
  settings.scale = scale;
  settings.threads = threads;
  const StructureClusters clusters = cluster_structures(chains, settings, stage_watch(calls, "clustering", "samples"));
  return {clusters.cluster, clusters.representatives.size(), mean_pair_tm(chains, scale, threads, calls), std::nullopt};
}

bool Evaluation::valid(std::size_t sample) const {
  return consistency && consistency->of[sample].tm && *consistency->of[sample].tm >= kSameFold;
}

std::vector<std::size_t> Evaluation::ranking() const {
  std::vector<double> badness;
  for (std::size_t i = 0; i < samples.structures.size(); ++i) {
    const double none = std::numeric_limits<double>::infinity();
    if (consistency) {
      badness.push_back(consistency->of[i].tm ? -*consistency->of[i].tm : none);
    } else {
      badness.push_back(samples.structures[i].measures.defects_per_100_residues());
    }
  }
  std::vector<std::size_t> order(badness.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return badness[a] < badness[b]; });
  return order;
}

std::optional<Evaluation> evaluate(const EvaluationSettings& settings, const EvaluationCalls& calls) {
  return Evaluator(settings, calls).run();
}

}  // namespace flashrna
