#include "libfold/sampling/sample_measures.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/sampling/sampled_structure.h"
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

void add_pair_agreement(const Design& design, std::span<const int> made, SampleTable::Row& row) {
  const auto copies = static_cast<int>(made.size() / design.molecule.size());
  const Agreement agreement = compare_pairs(partners_of_copies(design, copies), made);
  row["pairs_asked"] = std::to_string(agreement.asked);
  row["pairs_made"] = std::to_string(agreement.found);
  row["pair_precision"] = number_text(agreement.precision());
  row["pair_recall"] = number_text(agreement.recall());
  row["pair_f1"] = number_text(agreement.f1());
}

}  // namespace

std::vector<std::string> measure_columns(const SampleConfig& config) {
  std::vector<std::string> columns{"c4_distance",    "c4_neighbors", "o3_p_distance",      "bonded",
                                   "bond_deviation", "clashes",      "radius_of_gyration", "helix_share",
                                   "suite_outliers", "suiteness"};
  if (config.asks_for_pairs())
    columns.insert(columns.end(), {"pairs_asked", "pairs_made", "pair_precision", "pair_recall", "pair_f1"});
  if (!config.contig.empty()) columns.insert(columns.end(), {"contig", "motif_rmsd"});
  if (!config.reference.empty()) columns.emplace_back("rmsd_to_reference");
  return columns;
}

SampleTable::Row measure_sample(const Structure& sample, const Design& design, const SampleConfig& config,
                                const Chain* reference) {
  const Chain chain = join_chains(sample.chains);
  const BackboneChecks checks = check_backbone(chain.nucleotides);
  const std::vector<int> partner = find_base_pairs(chain.nucleotides);
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : chain.nucleotides) molecule.push_back(nucleotide.chain_in_structure);
  SuiteCounts suites;
  suites.add(find_suites(chain.nucleotides));
  SampleTable::Row row{{"c4_distance", fmt::format("{:.3f}", checks.c4_distance)},
                       {"c4_neighbors", fmt::format("{:.4f}", checks.c4_neighbors)},
                       {"o3_p_distance", fmt::format("{:.3f}", checks.o3_p_distance)},
                       {"bonded", fmt::format("{:.4f}", checks.bonded)},
                       {"bond_deviation", fmt::format("{:.4f}", checks.bond_deviation)},
                       {"clashes", fmt::format("{:.3f}", checks.clashes)},
                       {"radius_of_gyration", fmt::format("{:.3f}", checks.radius_of_gyration)},
                       {"helix_share", number_text(describe_secondary_structure(partner, molecule).helix_share())},
                       {"suite_outliers", number_text(suites.outlier_share())},
                       {"suiteness", number_text(suites.mean_suiteness())}};
  if (config.asks_for_pairs()) add_pair_agreement(design, partner, row);
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
