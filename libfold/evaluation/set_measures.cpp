#include "libfold/evaluation/set_measures.h"

#include <cmath>

#include "base/degree.h"
#include "libfold/evaluation/definitions.h"
#include "libfold/evaluation/pair_summary.h"
#include "libfold/evaluation/set_rates.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {
namespace {

// Measures that a reference has as well.
KeyedValues geometry_of(const StructureSet& set, const GyrationFit& fit) {
  using M = StructureMeasures;
  const auto one = [](const M&) { return 1; };
  const auto clashes = [](const M& m) { return m.clashes.pairs; };
  const auto published_clashes = [](const M& m) { return m.clashes.published_pairs; };
  const auto atoms = [](const M& m) { return m.clashes.atoms; };
  const auto all_atom_clashes = [](const M& m) { return m.all_atom_clashes.pairs; };
  const auto all_atoms = [](const M& m) { return m.all_atom_clashes.atoms; };
  const auto a_form = [](const M& m) { return m.a_form.a_form; };
  const auto a_form_of = [](const M& m) { return m.a_form.nucleotides; };
  const auto in_band = [&](const M& m) { return static_cast<int>(fit.in_band(m.residues, m.radius_of_gyration)); };
  const auto rg_ratio = [&](const M& m) { return defined(fit.ratio(m.residues, m.radius_of_gyration)); };
  KeyedValues values{{"samples", static_cast<double>(set.structures.size())},
                     {"median_length", median_over(set, [](const M& m) { return Maybe(m.residues); })}};
  const KeyedValues of_pairs = pair_values(pairs_of_set(set));
  values.insert(values.end(), of_pairs.begin(), of_pairs.end());
  values.insert(values.end(),
                {{"break_rate", rate(set, &M::breaks, &M::links)},
                 {"c4_neighbor_rate", rate(set, &M::c4_near, &M::links)},
                 {"c4_close_rate", rate(set, &M::c4_close, &M::links)},
                 {"bonded_rate", rate(set, &M::bonded, &M::o3_p_links)},
                 {"o3_p_near_rate", rate(set, &M::o3_p_near, &M::o3_p_links)},
                 {"clash_rate", rate(set, clashes, atoms)},
                 {"median_clashes", median_over(set, [](const M& m) { return Maybe(m.clashes.per_100_atoms()); })},
                 {"all_atom_clash_rate", rate(set, all_atom_clashes, all_atoms)},
                 {"published_clash_rate", rate(set, published_clashes, atoms)},
                 {"inversion_rate", rate(set, &M::inverted_centers, &M::chiral_centers)},
                 {"a_form_rate", rate(set, a_form, a_form_of)},
                 {"c3_endo_rate", rate(set, &M::c3_endo, &M::riboses)},
                 {"median_rg_ratio", median_over(set, rg_ratio)},
                 {"rg_band_rate", std::isfinite(fit.prefactor) ? rate(set, in_band, one) : std::nullopt}});
  return values;
}

Maybe mean_torsion_distance(const Evaluation& evaluation) {
  std::vector<double> distances;
  for (const char* name : {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "chi", "eta", "theta"}) {
    const double distance = evaluation.distributions[distributed_measure(name)].circular_wasserstein;
    if (std::isfinite(distance)) distances.push_back(distance / kDegree);
  }
  return mean(distances);
}

void add_valid_diversity(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.diversity || !evaluation.diversity->valid_clusters) return;
  const std::size_t n = evaluation.samples.structures.size();
  std::size_t valid = 0;
  for (std::size_t i = 0; i < n; ++i) valid += evaluation.valid(i);
  const double valid_clusters = static_cast<double>(*evaluation.diversity->valid_clusters);
  measures.push_back({"d_valid", ratio(valid_clusters, static_cast<double>(valid)), {}});
  measures.push_back({"unique_valid", valid_clusters / static_cast<double>(n), {}});
}

void add_consistency(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.consistency) return;
  const Proportion valid = validity_of(evaluation);
  std::vector<double> tm, rmsd;
  for (const SampleConsistency& sample : evaluation.consistency->of) {
    if (sample.tm) tm.push_back(*sample.tm);
    if (sample.rmsd) rmsd.push_back(*sample.rmsd);
  }
  measures.push_back(
      {"validity", ratio(static_cast<double>(valid.successes), static_cast<double>(valid.count), 100.0), {}});
  measures.push_back({"median_sc_tm", median_of(tm), {}});
  measures.push_back({"median_sc_rmsd", median_of(rmsd), {}});
}

void add_judgment(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.judgment) return;
  std::vector<double> scores;
  for (const JudgedSample& sample : evaluation.judgment->of) {
    if (sample.score) scores.push_back(*sample.score);
  }
  measures.push_back({"mean_judge_score", mean(scores), {}});
  measures.push_back({"median_judge_score", median_of(scores), {}});
}

void add_natives(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  std::vector<double> lddt, rmsd;
  for (const auto& native : evaluation.native) {
    if (native && std::isfinite(native->lddt)) lddt.push_back(native->lddt);
    if (native) rmsd.push_back(native->rmsd);
  }
  if (evaluation.native.empty()) return;
  measures.push_back({"mean_native_lddt", mean(lddt), {}});
  measures.push_back({"median_native_rmsd", median_of(rmsd), {}});
}

}  // namespace

void set_reference(const KeyedValues& reference, std::vector<SetMeasure>& measures) {
  for (std::size_t k = 0; k < reference.size(); ++k) measures[k].reference = reference[k].second;
}

void add_diversity(const std::optional<Diversity>& diversity, std::size_t n_samples,
                   std::vector<SetMeasure>& measures) {
  if (!diversity) return;
  const double clusters = static_cast<double>(diversity->clusters);
  measures.push_back({"clusters", clusters, {}});
  measures.push_back({"d_raw", clusters / static_cast<double>(n_samples), {}});
  measures.push_back({"mean_pair_tm", diversity->mean_pair_tm, {}});
}

void add_novelty(const std::optional<NoveltySearch>& search, double cut, std::vector<SetMeasure>& measures) {
  if (!search) return;
  std::vector<double> by_reference, by_longer;
  long novel = 0;
  for (const Novelty& novelty : search->of) {
    by_reference.push_back(novelty.by_reference.tm_score);
    by_longer.push_back(novelty.by_longer.tm_score);
    novel += novelty.by_longer.tm_score < cut;
  }
  measures.push_back({"mean_tm_to_reference", mean(by_reference), {}});
  measures.push_back({"mean_tm_longer", mean(by_longer), {}});
  measures.push_back(
      {"novel_rate", ratio(static_cast<double>(novel), static_cast<double>(by_longer.size()), 100.0), {}});
}

nlohmann::ordered_json measures_json(const std::vector<SetMeasure>& measures) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const SetMeasure& measure : measures) {
    json[measure.key] = {{"samples", number_json(measure.samples)}, {"reference", number_json(measure.reference)}};
    const auto known = definitions().find(measure.key);
    if (known != definitions().end()) json[measure.key]["unit"] = known->second.unit;
  }
  return json;
}

Proportion validity_of(const Evaluation& evaluation) {
  std::size_t valid = 0, scored = 0;
  for (std::size_t i = 0; i < evaluation.consistency->of.size(); ++i) {
    scored += evaluation.consistency->of[i].tm.has_value();
    valid += evaluation.valid(i);
  }
  return wilson_proportion(valid, scored);
}

std::vector<SetMeasure> set_measures(const Evaluation& evaluation) {
  std::vector<SetMeasure> measures;
  for (const auto& [key, value] : geometry_of(evaluation.samples, evaluation.gyration)) {
    measures.push_back({key, value, std::nullopt});
  }
  if (evaluation.reference) {
    const auto reference = geometry_of(*evaluation.reference, evaluation.gyration);
    set_reference(reference, measures);
    measures.push_back({"mean_distance", mean_torsion_distance(evaluation), std::nullopt});
    const KeyedValues of_pairs = pair_distances(pairs_of_set(evaluation.samples), pairs_of_set(*evaluation.reference));
    for (const auto& [key, value] : of_pairs) measures.push_back({key, value, std::nullopt});
  }
  add_diversity(evaluation.diversity, evaluation.samples.structures.size(), measures);
  add_valid_diversity(evaluation, measures);
  add_novelty(evaluation.novelty, kSameFold, measures);
  add_consistency(evaluation, measures);
  add_judgment(evaluation, measures);
  add_natives(evaluation, measures);
  // Agreement with the request precedes all other measures.
  std::vector<SetMeasure> asked;
  for (const auto& [key, value] : asked_pair_values(evaluation)) asked.push_back({key, value, std::nullopt});
  measures.insert(measures.begin() + 2, asked.begin(), asked.end());
  return measures;
}

}  // namespace flashrna
