#include "libfold/evaluation/evaluation_summary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libfold/evaluation/definitions.h"
#include "libfold/evaluation/pair_summary.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr std::size_t kMostPoints = 4000;  // of eta and theta in the report
constexpr int kColumnsBeforePairs = 4;     // name, length and radius of gyration

Maybe rg_ratio(const StructureMeasures& measures, const GyrationFit& fit) {
  return defined(measures.radius_of_gyration / fit.radius(measures.residues));
}

// ---- Rows of samples ----

std::vector<std::string> measure_cells(const StructureMeasures& m, const GyrationFit& fit) {
  return {text(m.residues),
          text(m.radius_of_gyration),
          text(rg_ratio(m, fit)),
          text(m.links),
          text(m.breaks),
          text(share(m.c4_near, m.links)),
          text(share(m.c4_close, m.links)),
          text(share(m.bonded, m.o3_p_links)),
          text(share(m.o3_p_near, m.o3_p_links)),
          text(m.clashes.pairs),
          text(m.clashes.per_100_atoms()),
          text(m.clashes.published_per_100_atoms()),
          text(m.chiral_centers()),
          text(m.inverted_centers()),
          text(m.a_form.share()),
          text(share(m.c3_endo, m.riboses)),
          text(m.defects_per_100_residues()),
          text(m.published.mean_distance),
          text(m.published.deviation),
          text(m.published.valid_fraction),
          text(m.published.clashes)};
}

std::vector<std::string> nearest_cells(const Nearest& nearest, const StructureSet& reference) {
  if (nearest.chain < 0) return {"", ""};
  return {text(nearest.tm_score), reference.structures[static_cast<std::size_t>(nearest.chain)].name};
}

std::vector<std::string> consistency_cells(const Evaluation& evaluation, std::size_t i) {
  if (!evaluation.consistency) return std::vector<std::string>(5);
  const SampleConsistency& consistency = evaluation.consistency->of[i];
  const std::string valid = !consistency.tm ? "" : evaluation.valid(i) ? "1" : "0";
  return {text(consistency.tm), text(consistency.rmsd), text(consistency.folded), text(consistency.failures), valid};
}

void append(std::vector<std::string>& row, const std::vector<std::string>& cells) {
  row.insert(row.end(), cells.begin(), cells.end());
}

// ---- The set ----

struct Totals {
  long structures = 0, links = 0, breaks = 0, c4_near = 0, c4_close = 0, o3_p_links = 0, bonded = 0, o3_p_near = 0;
  long in_rg_band = 0, centers = 0, inverted = 0, riboses = 0, c3_endo = 0;
  Clashes clashes, all_atom_clashes;
  AFormCount a_form;
  std::vector<double> lengths, rg_ratios, clash_rates;
};

Totals totals_of(const StructureSet& set, const GyrationFit& fit) {
  Totals totals;
  for (const MeasuredStructure& structure : set.structures) {
    const StructureMeasures& m = structure.measures;
    ++totals.structures;
    totals.links += m.links;
    totals.breaks += m.breaks;
    totals.c4_near += m.c4_near;
    totals.c4_close += m.c4_close;
    totals.o3_p_links += m.o3_p_links;
    totals.bonded += m.bonded;
    totals.o3_p_near += m.o3_p_near;
    totals.in_rg_band += fit.in_band(m.residues, m.radius_of_gyration);
    totals.clash_rates.push_back(m.clashes.per_100_atoms());
    totals.centers += m.chiral_centers();
    totals.inverted += m.inverted_centers();
    totals.riboses += m.riboses;
    totals.c3_endo += m.c3_endo;
    totals.clashes.pairs += m.clashes.pairs;
    totals.clashes.published_pairs += m.clashes.published_pairs;
    totals.clashes.atoms += m.clashes.atoms;
    totals.all_atom_clashes.pairs += m.all_atom_clashes.pairs;
    totals.all_atom_clashes.atoms += m.all_atom_clashes.atoms;
    totals.a_form.a_form += m.a_form.a_form;
    totals.a_form.nucleotides += m.a_form.nucleotides;
    totals.lengths.push_back(m.residues);
    if (const Maybe value = rg_ratio(m, fit)) totals.rg_ratios.push_back(*value);
  }
  return totals;
}

// Measures that a reference has as well.
KeyedValues geometry_of(const StructureSet& set, const GyrationFit& fit) {
  const Totals t = totals_of(set, fit);
  const auto rate = [](long part, long whole) {
    return ratio(static_cast<double>(part), static_cast<double>(whole), 100.0);
  };
  KeyedValues values{{"samples", static_cast<double>(t.structures)}, {"median_length", median_of(t.lengths)}};
  const KeyedValues of_pairs = pair_values(pairs_of_set(set));
  values.insert(values.end(), of_pairs.begin(), of_pairs.end());
  values.insert(values.end(),
                {{"break_rate", rate(t.breaks, t.links)},
                 {"c4_neighbor_rate", rate(t.c4_near, t.links)},
                 {"c4_close_rate", rate(t.c4_close, t.links)},
                 {"bonded_rate", rate(t.bonded, t.o3_p_links)},
                 {"o3_p_near_rate", rate(t.o3_p_near, t.o3_p_links)},
                 {"clash_rate", rate(t.clashes.pairs, t.clashes.atoms)},
                 {"median_clashes", median_of(t.clash_rates)},
                 {"all_atom_clash_rate", rate(t.all_atom_clashes.pairs, t.all_atom_clashes.atoms)},
                 {"published_clash_rate", rate(t.clashes.published_pairs, t.clashes.atoms)},
                 {"inversion_rate", rate(t.inverted, t.centers)},
                 {"a_form_rate", rate(t.a_form.a_form, t.a_form.nucleotides)},
                 {"c3_endo_rate", rate(t.c3_endo, t.riboses)},
                 {"median_rg_ratio", median_of(t.rg_ratios)},
                 {"rg_band_rate", std::isfinite(fit.prefactor) ? rate(t.in_rg_band, t.structures) : std::nullopt}});
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

void add_diversity(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.diversity) return;
  const Diversity& diversity = *evaluation.diversity;
  const double n = static_cast<double>(evaluation.samples.structures.size());
  const double clusters = static_cast<double>(diversity.clusters);
  measures.push_back({"clusters", clusters, {}});
  measures.push_back({"d_raw", clusters / n, {}});
  measures.push_back({"mean_pair_tm", diversity.mean_pair_tm, {}});
  if (!diversity.valid_clusters) return;
  std::size_t valid = 0;
  for (std::size_t i = 0; i < evaluation.samples.structures.size(); ++i) valid += evaluation.valid(i);
  const double valid_clusters = static_cast<double>(*diversity.valid_clusters);
  measures.push_back({"d_valid", ratio(valid_clusters, static_cast<double>(valid)), {}});
  measures.push_back({"unique_valid", valid_clusters / n, {}});
}

void add_novelty(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.novelty) return;
  std::vector<double> by_reference, by_longer;
  long novel = 0;
  for (const Novelty& novelty : evaluation.novelty->of) {
    by_reference.push_back(novelty.by_reference.tm_score);
    by_longer.push_back(novelty.by_longer.tm_score);
    novel += novelty.by_longer.tm_score < kSameFold;
  }
  measures.push_back({"mean_tm_to_reference", mean(by_reference), {}});
  measures.push_back({"mean_tm_longer", mean(by_longer), {}});
  measures.push_back(
      {"novel_rate", ratio(static_cast<double>(novel), static_cast<double>(by_longer.size()), 100.0), {}});
}

Proportion validity_of(const Evaluation& evaluation) {
  std::size_t valid = 0, scored = 0;
  for (std::size_t i = 0; i < evaluation.consistency->of.size(); ++i) {
    scored += evaluation.consistency->of[i].tm.has_value();
    valid += evaluation.valid(i);
  }
  return wilson_proportion(valid, scored);
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

void add_judgement(const Evaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (!evaluation.judgement) return;
  std::vector<double> scores;
  for (const JudgedSample& sample : evaluation.judgement->of) {
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

// ---- JSON ----

Json left_out_json(const std::vector<LeftOut>& left_out) {
  Json list = Json::array();
  for (const LeftOut& item : left_out) list.push_back({{"name", item.name}, {"reason", item.reason}});
  return list;
}

Json set_json(const StructureSet& set) {
  return {{"files", set.files},
          {"structures", set.structures.size()},
          {"residues", set.residues()},
          {"files_of_other_kinds", set.skipped_files},
          {"pdb_beside_mmcif", set.pdb_twins},
          {"unreadable", left_out_json(set.unreadable)},
          {"without_rna", left_out_json(set.without_rna)},
          {"too_short", left_out_json(set.too_short)}};
}

Json spread_json(const Spread1d& spread) {
  return {{"count", spread.count},
          {"mean", number_json(defined(rounded(spread.mean, 6)))},
          {"standard_deviation", number_json(defined(rounded(spread.deviation, 6)))}};
}

Json histogram_json(const Histogram& histogram) {
  return {{"below", histogram.below}, {"above", histogram.above}, {"counts", histogram.counts}};
}

Json distributions_json(const Evaluation& evaluation) {
  Json all = Json::object();
  const auto measures = distributed_measures();
  for (std::size_t k = 0; k < measures.size(); ++k) {
    const DistributionComparison& d = evaluation.distributions[k];
    Json& entry = all[std::string(measures[k].name)];
    entry["unit"] = measures[k].kind == MeasureKind::kDistance ? "angstrom" : "radian";
    entry["circular"] = measures[k].kind == MeasureKind::kTorsion;
    entry["samples"] = spread_json(d.samples);
    entry["reference"] = spread_json(d.reference);
    entry["wasserstein"] = number_json(defined(rounded(d.wasserstein, 6)));
    entry["circular_wasserstein"] = number_json(defined(rounded(d.circular_wasserstein, 6)));
    entry["histogram"] = {{"first", rounded(d.bins.first, 8)},
                          {"width", rounded(d.bins.width, 8)},
                          {"samples", histogram_json(d.sample_histogram)},
                          {"reference", histogram_json(d.reference_histogram)}};
  }
  return all;
}

Json proportion_json(const Proportion& proportion) {
  return {{"valid", proportion.successes},
          {"scored", proportion.count},
          {"low", rounded(proportion.low, 6)},
          {"high", rounded(proportion.high, 6)}};
}

Json consistency_json(const Evaluation& evaluation) {
  if (!evaluation.consistency) return nullptr;
  const SelfConsistencySettings& settings = *evaluation.settings.programs;
  Json json = {{"inverse_folding", settings.inverse_folding},
               {"folding", settings.folding},
               {"sequences", settings.sequences},
               {"failures", evaluation.consistency->failures},
               {"validity", proportion_json(validity_of(evaluation))}};
  std::vector<int> lengths;
  std::vector<Maybe> scores;
  Json failed = Json::array();
  for (std::size_t i = 0; i < evaluation.consistency->of.size(); ++i) {
    const SampleConsistency& sample = evaluation.consistency->of[i];
    lengths.push_back(evaluation.samples.structures[i].measures.residues);
    scores.push_back(sample.tm);
    if (sample.failures == 0) continue;
    failed.push_back({{"name", evaluation.samples.structures[i].name}, {"failures", sample.failures}});
  }
  json["by_length"] = Json::array();
  for (const LengthValidity& row : validity_by_length(lengths, scores, kSameFold)) {
    Json entry = {{"first", row.first}, {"last", row.last}};
    entry.update(proportion_json(row.valid));
    json["by_length"].push_back(entry);
  }
  json["failed"] = failed;
  return json;
}

// P, C4' and the base's first atom of every nucleotide, relative to their center, rounded to 0.1 Å; null if absent.
Json trace_json(const StoredBackbone& backbone) {
  const Vec3 center = centroid(backbone.positions(kC4));
  Json trace = Json::object();
  for (const auto& [name, slot] : {std::pair("P", kP), std::pair("C4", kC4), std::pair("N", kGlycosidicNitrogen)}) {
    Json atoms = Json::array();
    for (std::size_t i = 0; i < backbone.size(); ++i) {
      const float* at = &backbone.atoms[i][3 * static_cast<std::size_t>(slot)];
      const bool there = (backbone.masks[i] >> slot & 1u) != 0;
      for (int axis = 0; axis < 3; ++axis) {
        const double value = static_cast<double>(at[axis]) - center[axis];
        atoms.push_back(there ? Json(std::round(10.0 * value) / 10.0) : Json(nullptr));
      }
    }
    trace[name] = atoms;
  }
  // The nucleotides i without a bond to i + 1.
  Json ends = Json::array();
  for (std::size_t i = 0; i + 1 < backbone.size(); ++i) {
    if (backbone.residue_index[i + 1] != backbone.residue_index[i] + 1) ends.push_back(i);
  }
  trace["ends"] = ends;
  return trace;
}

Json examples_json(const Evaluation& evaluation) {
  const std::vector<std::size_t> ranking = evaluation.ranking();
  Json examples = Json::array();
  const std::size_t n = ranking.size();
  for (const auto& [rank, place] :
       {std::pair("best", std::size_t{0}), std::pair("median", (n - 1) / 2), std::pair("worst", n - 1)}) {
    const bool shown = std::any_of(examples.begin(), examples.end(),
                                   [&](const Json& example) { return example.at("sample") == ranking[place]; });
    if (shown) continue;  // with one or two samples the ranks coincide
    const MeasuredStructure& structure = evaluation.samples.structures[ranking[place]];
    Json example = {{"rank", rank}, {"name", structure.name}, {"sample", ranking[place]}};
    example.update(trace_json(structure.backbone));
    example.update(example_pairs_json(structure));
    examples.push_back(std::move(example));
  }
  return examples;
}

// At most kMostPoints pairs at equal steps, in degrees, rounded to 0.1.
Json eta_theta_points(const std::vector<std::array<float, 2>>& pairs) {
  Json eta = Json::array(), theta = Json::array();
  const std::size_t stride = 1 + pairs.size() / (kMostPoints + 1);
  for (std::size_t i = 0; i < pairs.size(); i += stride) {
    eta.push_back(std::round(10.0 * static_cast<double>(pairs[i][0]) / kDegree) / 10.0);
    theta.push_back(std::round(10.0 * static_cast<double>(pairs[i][1]) / kDegree) / 10.0);
  }
  return {{"eta_degrees", eta}, {"theta_degrees", theta}};
}

Json gyration_json(const Evaluation& evaluation) {
  Json json = {{"prefactor", nullptr}};
  const GyrationFit& fit = evaluation.gyration;
  if (std::isfinite(fit.prefactor)) {
    json = {{"prefactor", rounded(fit.prefactor, 6)},
            {"exponent", rounded(fit.exponent, 6)},
            {"deviation_of_logarithm", rounded(fit.deviation, 6)},
            {"band_of_logarithm", {rounded(fit.low, 6), rounded(fit.high, 6)}}};
  }
  if (!evaluation.reference) return json;
  Json lengths = Json::array(), radii = Json::array();
  for (const MeasuredStructure& structure : evaluation.reference->structures) {
    lengths.push_back(structure.measures.residues);
    radii.push_back(rounded(structure.measures.radius_of_gyration, 4));
  }
  json["reference_lengths"] = lengths;
  json["reference_radii"] = radii;
  return json;
}

}  // namespace

MetricsTable metrics_table(const Evaluation& evaluation) {
  MetricsTable table;
  table.columns = {"name",
                   "length",
                   "radius_of_gyration",
                   "rg_ratio",
                   "links",
                   "breaks",
                   "c4_neighbors",
                   "c4_close",
                   "bonded",
                   "o3_p_near",
                   "clashes",
                   "clashes_per_100_atoms",
                   "published_clashes_per_100_atoms",
                   "chiral_centers",
                   "inverted_centers",
                   "a_form",
                   "c3_endo",
                   "defects_per_100_nt",
                   "published_c4_distance",
                   "published_c4_deviation",
                   "published_c4_valid",
                   "published_c4_clashes",
                   "cluster",
                   "tm_to_reference",
                   "nearest",
                   "tm_longer",
                   "nearest_longer",
                   "sc_tm",
                   "sc_rmsd",
                   "sc_folded",
                   "sc_failures",
                   "valid",
                   "native_lddt",
                   "native_rmsd",
                   "native_tm",
                   "judge_score"};
  const std::vector<std::string> of_pairs = pair_columns(), of_asked = asked_pair_columns();
  table.columns.insert(table.columns.begin() + kColumnsBeforePairs, of_pairs.begin(), of_pairs.end());
  append(table.columns, of_asked);
  for (std::size_t i = 0; i < evaluation.samples.structures.size(); ++i) {
    const MeasuredStructure& sample = evaluation.samples.structures[i];
    std::vector<std::string> row{sample.name};
    append(row, measure_cells(sample.measures, evaluation.gyration));
    row.push_back(evaluation.diversity ? text(evaluation.diversity->cluster[i]) : "");
    for (const auto which : {&Novelty::by_reference, &Novelty::by_longer}) {
      append(row, evaluation.novelty ? nearest_cells(evaluation.novelty->of[i].*which, *evaluation.reference)
                                     : std::vector<std::string>(2));
    }
    append(row, consistency_cells(evaluation, i));
    const auto native = evaluation.native.empty() ? std::nullopt : evaluation.native[i];
    append(row, native ? std::vector<std::string>{text(native->lddt), text(native->rmsd), text(native->tm_score)}
                       : std::vector<std::string>(3));
    row.push_back(evaluation.judgement ? text(evaluation.judgement->of[i].score) : "");
    const std::vector<std::string> of_pairs_here = pair_cells(sample.pairs);
    row.insert(row.begin() + kColumnsBeforePairs, of_pairs_here.begin(), of_pairs_here.end());
    append(row, asked_pair_cells(evaluation.pairs.empty() ? std::nullopt : evaluation.pairs[i]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<SetMeasure> set_measures(const Evaluation& evaluation) {
  std::vector<SetMeasure> measures;
  for (const auto& [key, value] : geometry_of(evaluation.samples, evaluation.gyration)) {
    measures.push_back({key, value, std::nullopt});
  }
  if (evaluation.reference) {
    const auto reference = geometry_of(*evaluation.reference, evaluation.gyration);
    for (std::size_t k = 0; k < reference.size(); ++k) measures[k].reference = reference[k].second;
    measures.push_back({"mean_distance", mean_torsion_distance(evaluation), std::nullopt});
  }
  add_diversity(evaluation, measures);
  add_novelty(evaluation, measures);
  add_consistency(evaluation, measures);
  add_judgement(evaluation, measures);
  add_natives(evaluation, measures);
  // Agreement with the request precedes all other measures.
  std::vector<SetMeasure> asked;
  for (const auto& [key, value] : asked_pair_values(evaluation)) asked.push_back({key, value, std::nullopt});
  measures.insert(measures.begin() + 2, asked.begin(), asked.end());
  return measures;
}

Json evaluation_summary(const Evaluation& evaluation) {
  Json summary = {{"format", kSummaryFormat}, {"version", kSummaryVersion}, {"program_version", FLASHRNA_VERSION}};
  summary["inputs"] = {{"samples", evaluation.settings.samples},
                       {"unit", evaluation.settings.unit == StructureUnit::kModel ? "model" : "chain"},
                       {"reference", evaluation.settings.reference},
                       {"reference_split", evaluation.settings.reference_split},
                       {"native", evaluation.settings.native},
                       {"pairs", evaluation.settings.pairs}};
  summary["samples"] = set_json(evaluation.samples);
  summary["reference"] = evaluation.reference ? set_json(*evaluation.reference) : Json(nullptr);
  Json& measures = summary["measures"];
  for (const SetMeasure& measure : set_measures(evaluation)) {
    measures[measure.key] = {{"samples", number_json(measure.samples)}, {"reference", number_json(measure.reference)}};
    const auto known = definitions().find(measure.key);
    if (known != definitions().end()) measures[measure.key]["unit"] = known->second.unit;
  }
  summary["self_consistency"] = consistency_json(evaluation);
  if (evaluation.judgement) {
    summary["judge"] = {{"command", evaluation.settings.judge->command},
                        {"scored", evaluation.judgement->of.size() - evaluation.judgement->failures},
                        {"failures", evaluation.judgement->failures}};
  }
  if (evaluation.novelty) {
    summary["novelty_search"] = {{"pairs", evaluation.novelty->pairs}, {"alignments", evaluation.novelty->alignments}};
  }
  summary["radius_of_gyration"] = gyration_json(evaluation);
  summary["base_pairs"] = pairs_json(evaluation);
  summary["distributions"] = distributions_json(evaluation);
  summary["eta_theta"] = {
      {"samples", torsion_grid(evaluation.samples.eta_theta)},
      {"reference", evaluation.reference ? Json(torsion_grid(evaluation.reference->eta_theta)) : Json(nullptr)},
      {"points", eta_theta_points(evaluation.samples.eta_theta)}};
  summary["examples"] = examples_json(evaluation);
  return summary;
}

}  // namespace flashrna
