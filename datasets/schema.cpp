#include "datasets/schema.h"

#include <array>
#include <vector>

#include "datasets/dataset_columns.h"

namespace flashrna {

namespace {

std::array<SchemaGroup, 3> make_groups(const char* residues) {
  return {{
      {kChainsGroup, 512, "one row per chain; its residues are rows offset[i] to offset[i + 1] of /residues"},
      {kResiduesGroup, 1024, residues},
      {kRejectedGroup, 512, "one row per input chain (or whole file: chain is empty) that is not in /chains"},
  }};
}

std::vector<SchemaColumn> all_columns(Polymer polymer) {
  std::vector<SchemaColumn> all;
  const auto add = [&](const auto& column) {
    if (!column.schema.only || *column.schema.only == polymer) all.push_back(column.schema);
  };
  for_each_column(chain_columns(polymer), add);
  for_each_column(residue_columns(polymer), add);
  for_each_column(rejected_columns(), add);
  return all;
}

}  // namespace

std::span<const SchemaGroup> dataset_groups(Polymer polymer) {
  static const auto rna = make_groups("one row per nucleotide that has C3', C4' and O4', chain after chain");
  static const auto protein = make_groups("one row per amino acid that has N, CA and C, chain after chain");
  return polymer == Polymer::kRna ? rna : protein;
}

std::span<const SchemaColumn> dataset_columns(Polymer polymer) {
  static const std::array<std::vector<SchemaColumn>, 2> columns = {all_columns(Polymer::kRna),
                                                                   all_columns(Polymer::kProtein)};
  return columns[static_cast<std::size_t>(polymer)];
}

}  // namespace flashrna
