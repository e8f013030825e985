#include "libfold/evaluation/metrics_table.h"

#include "libfold/evaluation/pair_summary.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {
namespace {

void append(KeyedCells& row, const KeyedCells& cells) { row.insert(row.end(), cells.begin(), cells.end()); }

KeyedCells size_cells(const StructureMeasures& m, const GyrationFit& fit) {
  return {{"length", text(m.residues)},
          {"radius_of_gyration", text(m.radius_of_gyration)},
          {"rg_ratio", text(fit.ratio(m.residues, m.radius_of_gyration))}};
}

KeyedCells geometry_cells(const StructureMeasures& m) {
  return {{"links", text(m.links)},
          {"breaks", text(m.breaks)},
          {"c4_neighbors", text(share(m.c4_near, m.links))},
          {"c4_close", text(share(m.c4_close, m.links))},
          {"bonded", text(share(m.bonded, m.o3_p_links))},
          {"o3_p_near", text(share(m.o3_p_near, m.o3_p_links))},
          {"clashing_pairs", text(m.clashes.pairs)},
          {"clashes_per_100_atoms", text(m.clashes.per_100_atoms())},
          {"published_clashes_per_100_atoms", text(m.clashes.published_per_100_atoms())},
          {"chiral_centers", text(m.chiral_centers())},
          {"inverted_centers", text(m.inverted_centers())},
          {"a_form", text(m.a_form.share())},
          {"c3_endo", text(share(m.c3_endo, m.riboses))},
          {"defects_per_100_nt", text(m.defects_per_100_residues())},
          {"published_c4_distance", text(m.published.mean_distance)},
          {"published_c4_deviation", text(m.published.deviation)},
          {"published_c4_valid", text(m.published.valid_fraction)},
          {"published_c4_clashes", text(m.published.clashes)}};
}

// The cells of what was not requested are empty.
KeyedCells fold_cells(const Evaluation& evaluation, std::size_t i) {
  const Novelty* novelty = evaluation.novelty ? &evaluation.novelty->of[i] : nullptr;
  const auto score = [&](Nearest Novelty::*which) {
    return novelty == nullptr || (novelty->*which).chain < 0 ? "" : text((novelty->*which).tm_score);
  };
  const auto name = [&](Nearest Novelty::*which) {
    const bool found = novelty != nullptr && (novelty->*which).chain >= 0;
    return found ? evaluation.reference->structures[static_cast<std::size_t>((novelty->*which).chain)].name : "";
  };
  return {{"cluster", evaluation.diversity ? text(evaluation.diversity->cluster[i]) : ""},
          {"tm_to_reference", score(&Novelty::by_reference)},
          {"nearest", name(&Novelty::by_reference)},
          {"tm_longer", score(&Novelty::by_longer)},
          {"nearest_longer", name(&Novelty::by_longer)}};
}

KeyedCells consistency_cells(const Evaluation& evaluation, std::size_t i) {
  const SampleConsistency* c = evaluation.consistency ? &evaluation.consistency->of[i] : nullptr;
  const bool scored = c != nullptr && c->tm;
  return {{"sc_tm", c != nullptr ? text(c->tm) : ""},
          {"sc_rmsd", c != nullptr ? text(c->rmsd) : ""},
          {"sc_folded", c != nullptr ? text(c->folded) : ""},
          {"sc_failures", c != nullptr ? text(c->failures) : ""},
          {"valid", !scored               ? ""
                    : evaluation.valid(i) ? "1"
                                          : "0"}};
}

KeyedCells comparison_cells(const Evaluation& evaluation, std::size_t i) {
  const auto native = evaluation.native.empty() ? std::nullopt : evaluation.native[i];
  return {{"native_lddt", native ? text(native->lddt) : ""},
          {"native_rmsd", native ? text(native->rmsd) : ""},
          {"native_tm", native ? text(native->tm_score) : ""},
          {"judge_score", evaluation.judgment ? text(evaluation.judgment->of[i].score) : ""}};
}

// `sample`: number i of the evaluation.
KeyedCells cells_of(const Evaluation& evaluation, std::size_t i, const MeasuredStructure& sample) {
  KeyedCells row{{"name", sample.name}};
  append(row, size_cells(sample.measures, evaluation.gyration));
  append(row, pair_cells(sample.pairs));
  append(row, geometry_cells(sample.measures));
  append(row, fold_cells(evaluation, i));
  append(row, consistency_cells(evaluation, i));
  append(row, comparison_cells(evaluation, i));
  append(row, asked_pair_cells(evaluation.pairs.empty() ? std::nullopt : evaluation.pairs[i]));
  return row;
}

}  // namespace

CsvTable metrics_table(const Evaluation& evaluation) {
  CsvTable table;
  for (const auto& [name, cell] : cells_of({}, 0, {})) table.columns.emplace_back(name);
  for (std::size_t i = 0; i < evaluation.samples.structures.size(); ++i) {
    std::vector<std::string>& row = table.rows.emplace_back();
    for (auto& [name, cell] : cells_of(evaluation, i, evaluation.samples.structures[i])) row.push_back(std::move(cell));
  }
  return table;
}

}  // namespace flashrna
