#include "libfold/sampling/sample_output.h"

namespace flashrna {

std::unique_ptr<SampleOutput> make_sample_output(const SampleConfig& config) {
  return config.polymer_kind() == Polymer::kProtein ? protein_sample_output(config) : rna_sample_output(config);
}

std::vector<std::string> printed_columns(const SampleConfig& config) {
  std::vector<std::string> columns =
      config.polymer_kind() == Polymer::kProtein
          ? std::vector<std::string>{"ca_neighbors", "bonded", "clashes_per_100_atoms", "radius_of_gyration"}
          : std::vector<std::string>{"c4_neighbors", "bonded", "clashes_per_100_atoms", "radius_of_gyration",
                                     "helix_share"};
  if (config.asks_for_pairs()) columns.emplace_back("pair_f1");
  if (!config.motif.empty()) columns.emplace_back("motif_rmsd");
  if (!config.reference.empty()) columns.emplace_back("rmsd_to_reference");
  return columns;
}

}  // namespace flashrna
