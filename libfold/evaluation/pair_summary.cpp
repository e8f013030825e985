#include "libfold/evaluation/pair_summary.h"

#include <array>
#include <map>

#include "libfold/evaluation/summary_numbers.h"
#include "rna/measure/wasserstein.h"
#include "rna/pairs/dot_bracket.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> distance_between(const std::vector<int>& a, const std::vector<int>& b) {
  if (a.empty() || b.empty()) return std::nullopt;
  const std::vector<double> x(a.begin(), a.end()), y(b.begin(), b.end());
  return wasserstein_distance(x, y);
}

// Loops closed by a pair. The exterior loop has a fraction of its own instead: its size measures the unpaired part of a
// chain.
struct ClosedLoop {
  LoopKind kind;
  const char *count, *size;                           // columns of metrics.csv
  const char *set_count, *set_median, *set_distance;  // keys of the set
};
constexpr std::array kClosedLoops = {
    ClosedLoop{LoopKind::kHairpin, "hairpins", "hairpin_size", "hairpin_rate", "median_hairpin", "hairpin_distance"},
    ClosedLoop{LoopKind::kBulge, "bulges", "bulge_size", "bulge_rate", "median_bulge", "bulge_distance"},
    ClosedLoop{LoopKind::kInterior, "interior_loops", "interior_size", "interior_rate", "median_interior",
               "interior_distance"},
    ClosedLoop{LoopKind::kMultiloop, "multiloops", "multiloop_size", "multiloop_rate", "median_multiloop",
               "multiloop_distance"},
};

Json counts_json(const std::vector<int>& values) {
  std::map<int, long> counts;
  for (const int value : values) ++counts[value];
  Json list = Json::array();
  for (const auto& [value, count] : counts) list.push_back({value, count});
  return list;
}

Json set_json(const StructureSet& set) {
  const PairMeasures pairs = pairs_of_set(set);
  Json json = {{"helices", counts_json(pairs.helices)}, {"loops", Json::object()}, {"conformers", Json::object()}};
  for (const LoopKind kind : kLoopKinds)
    json["loops"][std::string(loop_name(kind))] = counts_json(pairs.loops_of(kind));
  for (const auto& [name, count] : pairs.suites.of_name) json["conformers"][std::string(name)] = count;
  json["incomplete_suites"] = pairs.suites.incomplete;
  return json;
}

}  // namespace

KeyedCells pair_cells(const PairMeasures& pairs) {
  KeyedCells cells{{"paired", text(pairs.helix_share())},
                   {"median_helix", text(pairs.median_helix())},
                   {"stems_per_100_nt", text(pairs.helices_per_100_nucleotides())},
                   {"pseudoknotted", text(pairs.pseudoknotted_share())}};
  for (const ClosedLoop& loop : kClosedLoops) {
    cells.emplace_back(loop.count, text(pairs.loops_of(loop.kind).size()));
    cells.emplace_back(loop.size, text(pairs.median_loop(loop.kind)));
  }
  cells.insert(cells.end(), {{"exterior", text(pairs.exterior_share())},
                             {"pair_c1_distance", text(median_of(pairs.c1_distances))},
                             {"pair_n_distance", text(median_of(pairs.nitrogen_distances))},
                             {"suites", text(pairs.suites.complete)},
                             {"suite_outliers", text(pairs.outlier_share())},
                             {"suiteness", text(pairs.mean_suiteness())},
                             {"suites_1a", text(pairs.a_form_suite_share())}});
  return cells;
}

KeyedCells asked_pair_cells(const std::optional<PairComparison>& comparison) {
  const auto cell = [&](Agreement PairComparison::*which, double (Agreement::*score)() const) {
    return comparison ? text((((*comparison).*which).*score)()) : std::string();
  };
  return {{"pair_precision", cell(&PairComparison::pairs, &Agreement::precision)},
          {"pair_recall", cell(&PairComparison::pairs, &Agreement::recall)},
          {"pair_f1", cell(&PairComparison::pairs, &Agreement::f1)},
          {"pair_f1_whole_bases",
           comparison && comparison->whole_bases ? text(comparison->whole_bases->f1()) : std::string()},
          {"loop_precision", cell(&PairComparison::loop_positions, &Agreement::precision)},
          {"loop_recall", cell(&PairComparison::loop_positions, &Agreement::recall)},
          {"loop_f1", cell(&PairComparison::loop_positions, &Agreement::f1)}};
}

PairMeasures pairs_of_set(const StructureSet& set) {
  PairMeasures all;
  for (const MeasuredStructure& structure : set.structures) all.add(structure.pairs);
  return all;
}

KeyedValues pair_values(const PairMeasures& of_set) {
  constexpr double kPercent = 100.0;
  KeyedValues values{{"paired_rate", scaled(of_set.helix_share(), kPercent)},
                     {"median_helix_length", of_set.median_helix()},
                     {"stem_rate", of_set.helices_per_100_nucleotides()},
                     {"pseudoknot_rate", scaled(of_set.pseudoknotted_share(), kPercent)},
                     {"suite_outlier_rate", scaled(of_set.outlier_share(), kPercent)},
                     {"mean_suiteness", of_set.mean_suiteness()},
                     {"suite_1a_rate", scaled(of_set.a_form_suite_share(), kPercent)}};
  for (const ClosedLoop& loop : kClosedLoops) {
    values.emplace_back(loop.set_count, of_set.loops_per_100_nucleotides(loop.kind));
    values.emplace_back(loop.set_median, of_set.median_loop(loop.kind));
  }
  values.insert(values.end(), {{"exterior_rate", scaled(of_set.exterior_share(), kPercent)},
                               {"median_pair_c1_distance", median_of(of_set.c1_distances)},
                               {"median_pair_n_distance", median_of(of_set.nitrogen_distances)},
                               {"hydrogen_bond_rate", scaled(of_set.hydrogen_bonded_share(), kPercent)}});
  return values;
}

KeyedValues pair_distances(const PairMeasures& samples, const PairMeasures& reference) {
  KeyedValues values{{"helix_length_distance", distance_between(samples.helices, reference.helices)}};
  for (const ClosedLoop& loop : kClosedLoops) {
    values.emplace_back(loop.set_distance,
                        distance_between(samples.loops_of(loop.kind), reference.loops_of(loop.kind)));
  }
  return values;
}

KeyedValues asked_pair_values(const Evaluation& evaluation) {
  if (evaluation.pairs.empty()) return {};
  PairComparison all;
  for (const std::optional<PairComparison>& comparison : evaluation.pairs) {
    if (!comparison) continue;
    all.pairs.add(comparison->pairs);
    all.loop_positions.add(comparison->loop_positions);
    if (!comparison->whole_bases) continue;
    if (!all.whole_bases) all.whole_bases.emplace();
    all.whole_bases->add(*comparison->whole_bases);
  }
  return {{"asked_pair_f1", defined(all.pairs.f1())},
          {"asked_pair_precision", defined(all.pairs.precision())},
          {"asked_pair_recall", defined(all.pairs.recall())},
          {"asked_pair_f1_whole_bases", all.whole_bases ? defined(all.whole_bases->f1()) : std::nullopt},
          {"asked_loop_f1", defined(all.loop_positions.f1())},
          {"asked_loop_precision", defined(all.loop_positions.precision())},
          {"asked_loop_recall", defined(all.loop_positions.recall())}};
}

Json pairs_json(const Evaluation& evaluation) {
  Json json = {{"samples", set_json(evaluation.samples)}, {"reference", nullptr}};
  if (!evaluation.reference) return json;
  json["reference"] = set_json(*evaluation.reference);
  Json shares = Json::array();
  for (const MeasuredStructure& structure : evaluation.reference->structures) {
    shares.push_back(rounded(structure.pairs.helix_share().value_or(0.0), 4));
  }
  json["reference_paired"] = shares;  // in the order of the lengths in radius_of_gyration
  return json;
}

Json example_pairs_json(const MeasuredStructure& sample) {
  std::vector<int> molecule(sample.backbone.chain.begin(), sample.backbone.chain.end());
  const SecondaryStructure structure = describe_secondary_structure(sample.partner, molecule);
  Json pairs = Json::array(), outliers = Json::array();
  for (std::size_t i = 0; i < sample.partner.size(); ++i) {
    if (sample.partner[i] > static_cast<int>(i)) pairs.push_back({i, sample.partner[i], structure.order[i]});
  }
  const std::vector<Suite> suites = find_suites(sample.backbone.nucleotides());
  for (std::size_t i = 0; i < suites.size(); ++i) {
    if (suites[i].is_outlier()) outliers.push_back(i);
  }
  return {{"pairs", pairs}, {"dot_bracket", to_dot_bracket(sample.partner, molecule)}, {"outliers", outliers}};
}

}  // namespace flashrna
