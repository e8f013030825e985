#include "libfold/evaluation/evaluation_summary.h"

#include <algorithm>
#include <cmath>

#include "libfold/evaluation/pair_summary.h"
#include "libfold/evaluation/set_measures.h"
#include "libfold/evaluation/summary_numbers.h"
#include "libfold/evaluation/summary_parts.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

Json distributions_json(const Evaluation& evaluation) {
  Json all = Json::object();
  const auto measures = distributed_measures();
  for (std::size_t k = 0; k < measures.size(); ++k) {
    all[std::string(measures[k].name)] = distribution_json(evaluation.distributions[k], measures[k].kind);
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

// Appends x, y, z of a point (Å) relative to `center`, rounded to 0.1 Å.
void append_point(Json& list, const float* point, const Vec3& center) {
  for (int axis = 0; axis < 3; ++axis)
    list.push_back(std::round(10.0 * (static_cast<double>(point[axis]) - center[axis])) / 10.0);
}

// P, C4' and the base's first atom of every nucleotide, relative to `center`; null if absent.
Json trace_json(const StoredBackbone& backbone, const Vec3& center) {
  Json trace = Json::object();
  for (const auto& [name, slot] : {std::pair("P", kP), std::pair("C4", kC4), std::pair("N", kGlycosidicNitrogen)}) {
    Json atoms = Json::array();
    for (std::size_t i = 0; i < backbone.size(); ++i) {
      const float* at = &backbone.atoms[i][3 * static_cast<std::size_t>(slot)];
      if ((backbone.masks[i] >> slot & 1u) != 0)
        append_point(atoms, at, center);
      else
        atoms.insert(atoms.end(), {nullptr, nullptr, nullptr});
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

// Letters, and the outline of each base as x, y, z, x, ... relative to `center`; null for a base that is incomplete.
Json bases_json(const MeasuredStructure& structure, const Vec3& center) {
  std::string letters;
  for (const std::uint8_t base : structure.backbone.bases) letters += base_letter(static_cast<Base>(base));
  Json bases = Json::array();
  for (const BaseOutline& outline : structure.outlines) {
    Json points = Json::array();
    for (const std::array<float, 3>& point : outline) append_point(points, point.data(), center);
    bases.push_back(outline.empty() ? Json(nullptr) : points);
  }
  return {{"letters", letters}, {"bases", bases}};
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
    const Vec3 center = centroid(structure.backbone.positions(kC4));
    example.update(trace_json(structure.backbone, center));
    example.update(example_pairs_json(structure));
    example.update(bases_json(structure, center));
    examples.push_back(std::move(example));
  }
  return examples;
}

Json radius_of_gyration_json(const Evaluation& evaluation) {
  if (!evaluation.reference) return gyration_json(evaluation.gyration, std::nullopt);
  std::vector<GyrationPoint> points;
  for (const MeasuredStructure& structure : evaluation.reference->structures) {
    points.push_back({structure.measures.residues, structure.measures.radius_of_gyration});
  }
  return gyration_json(evaluation.gyration, points);
}

Json set_json(const StructureSet& set) { return set_json(set, set.structures.size(), set.residues(), "without_rna"); }

}  // namespace

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
  summary["measures"] = measures_json(set_measures(evaluation));
  summary["self_consistency"] = consistency_json(evaluation);
  if (evaluation.judgment) {
    summary["judge"] = {{"command", evaluation.settings.judge->command},
                        {"scored", evaluation.judgment->of.size() - evaluation.judgment->failures},
                        {"failures", evaluation.judgment->failures}};
  }
  if (evaluation.novelty) {
    summary["novelty_search"] = {{"pairs", evaluation.novelty->pairs}, {"alignments", evaluation.novelty->alignments}};
  }
  summary["radius_of_gyration"] = radius_of_gyration_json(evaluation);
  summary["base_pairs"] = pairs_json(evaluation);
  summary["distributions"] = distributions_json(evaluation);
  summary["eta_theta"] = {
      {"samples", torsion_grid(evaluation.samples.eta_theta)},
      {"reference", evaluation.reference ? Json(torsion_grid(evaluation.reference->eta_theta)) : Json(nullptr)},
      {"points", torsion_points_json(evaluation.samples.eta_theta, "eta_degrees", "theta_degrees")}};
  summary["examples"] = examples_json(evaluation);
  return summary;
}

}  // namespace flashrna
