#include "libfold/sampling/sample_measures.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/sampling/sampled_structure.h"
#include "libfold/sampling/symmetry.h"
#include "rna/assembly.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/suites.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/pair_agreement.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

// Empty for NaN, where the denominator was zero.
std::string number_text(double value, int decimals = 4) {
  return std::isnan(value) ? "" : fmt::format("{:.{}f}", value, decimals);
}

// What a column of measures is made from.
struct Measured {
  BackboneChecks checks;
  double helix_share = 0.0;
  SuiteCounts suites;
};

template <typename From>
struct MeasureColumn {
  const char* name;
  std::string (*text)(const From&);
};

constexpr MeasureColumn<Measured> kMeasures[] = {
    {"c4_distance", [](const Measured& of) { return fmt::format("{:.3f}", of.checks.c4_distance); }},
    {"c4_neighbors", [](const Measured& of) { return fmt::format("{:.4f}", of.checks.c4_neighbors); }},
    {"o3_p_distance", [](const Measured& of) { return fmt::format("{:.3f}", of.checks.o3_p_distance); }},
    {"bonded", [](const Measured& of) { return fmt::format("{:.4f}", of.checks.bonded); }},
    {"bond_deviation", [](const Measured& of) { return fmt::format("{:.4f}", of.checks.bond_deviation); }},
    {"clashes_per_100_atoms", [](const Measured& of) { return fmt::format("{:.3f}", of.checks.clashes); }},
    {"radius_of_gyration", [](const Measured& of) { return fmt::format("{:.3f}", of.checks.radius_of_gyration); }},
    {"helix_share", [](const Measured& of) { return number_text(of.helix_share); }},
    {"suite_outliers", [](const Measured& of) { return number_text(of.suites.outlier_share()); }},
    {"suiteness", [](const Measured& of) { return number_text(of.suites.mean_suiteness()); }},
    {"suites_1a", [](const Measured& of) { return number_text(of.suites.share("1a")); }},
};

// Of the requested base pairs; only where there are any.
constexpr MeasureColumn<Agreement> kPairMeasures[] = {
    {"pairs_asked", [](const Agreement& of) { return std::to_string(of.asked); }},
    {"pairs_made", [](const Agreement& of) { return std::to_string(of.found); }},
    {"pair_precision", [](const Agreement& of) { return number_text(of.precision()); }},
    {"pair_recall", [](const Agreement& of) { return number_text(of.recall()); }},
    {"pair_f1", [](const Agreement& of) { return number_text(of.f1()); }},
};

// Of all copies of a symmetric assembly.
std::vector<int> asked_partners(const Design& design, const SampleConfig& config) {
  if (config.symmetry.empty()) return design.partner;
  return partners_of_copies(design.partner, rotation_group(config.symmetry));
}

}  // namespace

std::vector<std::string> measure_columns(const SampleConfig& config) {
  std::vector<std::string> columns;
  for (const auto& column : kMeasures) columns.emplace_back(column.name);
  if (config.asks_for_pairs())
    for (const auto& column : kPairMeasures) columns.emplace_back(column.name);
  if (!config.contig.empty()) columns.insert(columns.end(), {"contig", "motif_rmsd"});
  if (!config.reference.empty()) columns.emplace_back("rmsd_to_reference");
  return columns;
}

SampleTable::Row measure_sample(const Structure& sample, const Design& design, const SampleConfig& config,
                                const Chain* reference) {
  const Chain chain = join_chains(sample.chains);
  const std::vector<int> partner = find_base_pairs(chain.nucleotides);
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : chain.nucleotides) molecule.push_back(nucleotide.chain_in_structure);
  Measured measured{
      check_backbone(chain.nucleotides), describe_secondary_structure(partner, molecule).helix_share(), {}};
  measured.suites.add(find_suites(chain.nucleotides));
  SampleTable::Row row;
  for (const auto& column : kMeasures) row[column.name] = column.text(measured);
  if (config.asks_for_pairs()) {
    const Agreement agreement = compare_pairs(asked_partners(design, config), partner);
    for (const auto& column : kPairMeasures) row[column.name] = column.text(agreement);
  }
  if (!config.contig.empty()) {
    row["contig"] = design.contig;
    row["motif_rmsd"] = number_text(motif_rmsd(sample, design));
  }
  if (reference) {
    // Compared residue by residue, so only samples with the length of the reference.
    const bool comparable = reference->nucleotides.size() == chain.nucleotides.size();
    row["rmsd_to_reference"] =
        comparable ? fmt::format("{:.3f}", superpose(c4_positions(chain), c4_positions(*reference)).rmsd) : "";
  }
  return row;
}

}  // namespace flashrna
