#include "datasets/schema.h"

#include <array>
#include <vector>

#include "datasets/dataset_columns.h"

namespace flashrna {

namespace {

const std::array<SchemaGroup, 3> kGroups = {{
    {kChainsGroup, 512, "one row per chain; its residues are rows offset[i] to offset[i + 1] of /residues"},
    {kResiduesGroup, 1024, "one row per nucleotide that has C3', C4' and O4', chain after chain"},
    {kRejectedGroup, 512, "one row per input chain (or whole file: chain is empty) that is not in /chains"},
}};

std::vector<SchemaColumn> all_columns() {
  std::vector<SchemaColumn> all;
  const auto add = [&](const auto& column) { all.push_back(column.schema); };
  for_each_column(chain_columns(), add);
  for_each_column(residue_columns(), add);
  for_each_column(rejected_columns(), add);
  return all;
}

}  // namespace

std::span<const SchemaGroup> dataset_groups() { return kGroups; }

std::span<const SchemaColumn> dataset_columns() {
  static const std::vector<SchemaColumn> columns = all_columns();
  return columns;
}

}  // namespace flashrna
