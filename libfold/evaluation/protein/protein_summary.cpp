#include "libfold/evaluation/protein/protein_summary.h"

#include <algorithm>
#include <cmath>

#include "base/degree.h"
#include "libfold/evaluation/evaluation_summary.h"
#include "libfold/evaluation/set_rates.h"
#include "libfold/evaluation/summary_parts.h"
#include "protein/measure/local_geometry.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

// Measures that a reference has as well.
KeyedValues geometry_of(const ProteinSet& set, const GyrationFit& fit) {
  using M = ProteinMeasures;
  const auto one = [](const M&) { return 1; };
  const auto clashes = [](const M& m) { return m.clashes.pairs; };
  const auto atoms = [](const M& m) { return m.clashes.atoms; };
  const auto in_band = [&](const M& m) { return static_cast<int>(fit.in_band(m.residues, m.radius_of_gyration)); };
  const auto rg_ratio = [&](const M& m) { return defined(fit.ratio(m.residues, m.radius_of_gyration)); };
  double deviation = 0.0;
  long links = 0;
  for (const MeasuredProtein& structure : set.structures) {
    deviation += structure.measures.ca_deviation_sum;
    links += structure.measures.links;
  }
  return {{"samples", static_cast<double>(set.structures.size())},
          {"median_length", median_over(set, [](const M& m) { return Maybe(m.residues); })},
          {"break_rate", rate(set, &M::breaks, &M::links)},
          {"ca_near_rate", rate(set, &M::ca_near, &M::links)},
          {"ca_deviation", ratio(deviation, static_cast<double>(links))},
          {"c_n_near_rate", rate(set, &M::c_n_near, &M::c_n_links)},
          {"clash_rate", rate(set, clashes, atoms)},
          {"median_clashes", median_over(set, [](const M& m) { return Maybe(m.clashes.per_100_atoms()); })},
          {"inversion_rate", rate(set, &M::inverted, &M::centers)},
          {"alpha_rate", rate(set, &M::alpha, &M::torsions)},
          {"beta_rate", rate(set, &M::beta, &M::torsions)},
          {"median_rg_ratio", median_over(set, rg_ratio)},
          {"rg_band_rate", std::isfinite(fit.prefactor) ? rate(set, in_band, one) : std::nullopt}};
}

void add_natives(const ProteinEvaluation& evaluation, std::vector<SetMeasure>& measures) {
  if (evaluation.native.empty()) return;
  std::vector<double> rmsd, tm;
  for (const auto& native : evaluation.native) {
    if (!native) continue;
    rmsd.push_back(native->rmsd);
    tm.push_back(native->tm_score);
  }
  measures.push_back({"median_native_rmsd", median_of(rmsd), {}});
  measures.push_back({"mean_native_tm", mean(tm), {}});
}

// N, CA and CB of every residue, relative to their center, rounded to 0.1 Å; null if absent. Under the names of the
// atoms of RNA that the report draws in their place: N as P, CA as C4, CB as N.
Json trace_json(const MeasuredProtein& structure) {
  const Vec3 center = centroid(structure.ca);
  Json trace = Json::object();
  for (const auto& [name, slot] : {std::pair("P", kN), std::pair("C4", kCA), std::pair("N", kCB)}) {
    Json atoms = Json::array();
    for (const ProteinResidue& residue : structure.residues) {
      for (int axis = 0; axis < 3; ++axis) {
        const double value = residue.atom(slot)[axis] - center[axis];
        atoms.push_back(residue.has(slot) ? Json(std::round(10.0 * value) / 10.0) : Json(nullptr));
      }
    }
    trace[name] = atoms;
  }
  // The residues i without a bond to i + 1.
  Json ends = Json::array();
  for (std::size_t i = 0; i + 1 < structure.residues.size(); ++i) {
    if (structure.residues[i + 1].residue_index != structure.residues[i].residue_index + 1) ends.push_back(i);
  }
  trace["ends"] = ends;
  return trace;
}

Json examples_json(const ProteinEvaluation& evaluation) {
  const std::vector<std::size_t> ranking = evaluation.ranking();
  const std::size_t n = ranking.size();
  Json examples = Json::array();
  std::vector<std::size_t> shown;
  for (const auto& [rank, place] :
       {std::pair("best", std::size_t{0}), std::pair("median", (n - 1) / 2), std::pair("worst", n - 1)}) {
    const std::size_t sample = ranking[place];
    if (std::ranges::find(shown, sample) != shown.end()) continue;  // with one or two samples the ranks coincide
    shown.push_back(sample);
    const MeasuredProtein& structure = evaluation.samples.structures[sample];
    Json example = {{"rank", rank}, {"name", structure.name}, {"sample", sample}};
    example.update(trace_json(structure));
    examples.push_back(std::move(example));
  }
  return examples;
}

Json set_json_of(const ProteinSet& set) {
  return set_json(set, set.structures.size(), set.residues(), "without_protein");
}

Json radius_of_gyration_json(const ProteinEvaluation& evaluation) {
  if (!evaluation.reference) return gyration_json(evaluation.gyration, std::nullopt);
  std::vector<GyrationPoint> points;
  for (const MeasuredProtein& structure : evaluation.reference->structures) {
    points.push_back({structure.measures.residues, structure.measures.radius_of_gyration});
  }
  return gyration_json(evaluation.gyration, points);
}

void append(KeyedCells& row, const KeyedCells& cells) { row.insert(row.end(), cells.begin(), cells.end()); }

KeyedCells geometry_cells(const ProteinMeasures& m, const GyrationFit& fit) {
  return {{"length", text(m.residues)},
          {"radius_of_gyration", text(m.radius_of_gyration)},
          {"rg_ratio", text(fit.ratio(m.residues, m.radius_of_gyration))},
          {"links", text(m.links)},
          {"breaks", text(m.breaks)},
          {"ca_near", text(share(m.ca_near, m.links))},
          {"c_n_near", text(share(m.c_n_near, m.c_n_links))},
          {"clashing_pairs", text(m.clashes.pairs)},
          {"clashes_per_100_atoms", text(m.clashes.per_100_atoms())},
          {"chiral_centers", text(m.centers)},
          {"inverted_centers", text(m.inverted)},
          {"alpha_region", text(share(m.alpha, m.torsions))},
          {"beta_region", text(share(m.beta, m.torsions))},
          {"defects_per_100_aa", text(m.defects_per_100_residues())}};
}

KeyedCells novelty_cells(const ProteinEvaluation& evaluation, const Novelty& novelty) {
  const auto score = [](const Nearest& nearest) { return nearest.chain < 0 ? "" : text(nearest.tm_score); };
  const auto name = [&](const Nearest& nearest) {
    return nearest.chain < 0 ? "" : evaluation.reference->structures[static_cast<std::size_t>(nearest.chain)].name;
  };
  return {{"tm_to_reference", score(novelty.by_reference)},
          {"nearest", name(novelty.by_reference)},
          {"tm_longer", score(novelty.by_longer)},
          {"nearest_longer", name(novelty.by_longer)}};
}

KeyedCells cells_of(const ProteinEvaluation& evaluation, std::size_t i) {
  const MeasuredProtein& sample = evaluation.samples.structures[i];
  KeyedCells row{{"name", sample.name}};
  append(row, geometry_cells(sample.measures, evaluation.gyration));
  if (evaluation.diversity) row.push_back({"cluster", text(evaluation.diversity->cluster[i])});
  if (evaluation.novelty) append(row, novelty_cells(evaluation, evaluation.novelty->of[i]));
  if (!evaluation.native.empty()) {
    const auto& native = evaluation.native[i];
    row.push_back({"native_rmsd", native ? text(native->rmsd) : ""});
    row.push_back({"native_tm", native ? text(native->tm_score) : ""});
  }
  return row;
}

}  // namespace

std::vector<SetMeasure> protein_set_measures(const ProteinEvaluation& evaluation) {
  std::vector<SetMeasure> measures;
  for (const auto& [key, value] : geometry_of(evaluation.samples, evaluation.gyration)) {
    measures.push_back({key, value, std::nullopt});
  }
  if (evaluation.reference) {
    set_reference(geometry_of(*evaluation.reference, evaluation.gyration), measures);
    measures.push_back({"ramachandran_distance", scaled(defined(evaluation.ramachandran), 1.0 / kDegree), {}});
  }
  add_diversity(evaluation.diversity, evaluation.samples.structures.size(), measures);
  add_novelty(evaluation.novelty, kSameProteinFold, measures);
  add_natives(evaluation, measures);
  return measures;
}

Json protein_summary(const ProteinEvaluation& evaluation) {
  Json summary = {{"format", kSummaryFormat},
                  {"version", kSummaryVersion},
                  {"program_version", FLASHRNA_VERSION},
                  {"polymer", "protein"}};
  summary["inputs"] = {{"samples", evaluation.settings.samples},
                       {"unit", evaluation.settings.unit == StructureUnit::kModel ? "model" : "chain"},
                       {"reference", evaluation.settings.reference},
                       {"reference_split", evaluation.settings.reference_split},
                       {"native", evaluation.settings.native}};
  summary["samples"] = set_json_of(evaluation.samples);
  summary["reference"] = evaluation.reference ? set_json_of(*evaluation.reference) : Json(nullptr);
  summary["measures"] = measures_json(protein_set_measures(evaluation));
  summary["self_consistency"] = nullptr;
  if (evaluation.novelty) {
    summary["novelty_search"] = {{"pairs", evaluation.novelty->pairs}, {"alignments", evaluation.novelty->alignments}};
  }
  summary["radius_of_gyration"] = radius_of_gyration_json(evaluation);
  Json& distributions = summary["distributions"] = Json::object();
  const auto measures = protein_measures();
  for (std::size_t k = 0; k < measures.size(); ++k) {
    distributions[std::string(measures[k].name)] = distribution_json(evaluation.distributions[k], measures[k].kind);
  }
  summary["phi_psi"] = {
      {"samples", torsion_grid(evaluation.samples.phi_psi)},
      {"reference", evaluation.reference ? Json(torsion_grid(evaluation.reference->phi_psi)) : Json(nullptr)},
      {"points", torsion_points_json(evaluation.samples.phi_psi, "phi_degrees", "psi_degrees")}};
  summary["examples"] = examples_json(evaluation);
  return summary;
}

CsvTable protein_metrics_table(const ProteinEvaluation& evaluation) {
  CsvTable table;
  for (std::size_t i = 0; i < evaluation.samples.structures.size(); ++i) {
    std::vector<std::string>& row = table.rows.emplace_back();
    for (auto& [name, cell] : cells_of(evaluation, i)) {
      if (i == 0) table.columns.emplace_back(name);
      row.push_back(std::move(cell));
    }
  }
  return table;
}

}  // namespace flashrna
