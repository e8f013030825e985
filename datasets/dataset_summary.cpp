#include "datasets/dataset_summary.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

int count_in_helices(const ChainRows& rows) {
  const std::vector<int> partner(rows.partner.begin(), rows.partner.end());
  const std::vector<int> molecule(rows.chain_in_structure.begin(), rows.chain_in_structure.end());
  int count = 0;
  for (const Stem& stem : describe_secondary_structure(partner, molecule).stems) {
    if (stem.is_helix()) count += 2 * stem.n_pairs;
  }
  return count;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values.size(), values.front(), values[(values.size() - 1) / 2], values.back()};
}

DatasetSummary summarize_dataset(const DatasetReader& reader) {
  DatasetSummary summary;
  std::vector<double> resolutions;
  std::set<std::string> entries;
  for (const ChainRecord& chain : reader.chains()) {
    summary.lengths.push_back(chain.length);
    if (chain.resolution > 0) resolutions.push_back(chain.resolution);
    entries.insert(chain.entry);
    ++summary.kinds[chain.molecule_kind];
    ++summary.methods[chain.method];
    ++summary.splits[chain.split.empty() ? "not assigned" : chain.split];
    summary.modified += chain.n_modified;
    summary.without_frame += chain.n_without_frame;
    summary.breaks += chain.n_breaks;
    summary.broken_chains += chain.n_breaks > 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < reader.chains().size() && reader.polymer() == Polymer::kRna; ++i) {
    try {
      summary.in_helices += count_in_helices(reader.read_rows(i));
    } catch (const Error& error) {
      fail("{}: chain {}: {}", reader.path(), reader.chains()[i].id, error.what());
    }
  }
  for (const RejectedRecord& rejected : reader.read_rejected()) ++summary.rejected[rejected.reason];
  summary.length = spread_of({summary.lengths.begin(), summary.lengths.end()});
  summary.resolution = spread_of(std::move(resolutions));
  summary.entries = entries.size();
  return summary;
}

std::vector<LengthBin> length_histogram(const std::vector<int>& lengths) {
  std::vector<LengthBin> bins;
  if (lengths.empty()) return bins;
  const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
  for (std::int64_t first = 1; first <= *longest; first *= 2) {
    const std::int64_t last = 2 * first - 1;
    if (last < *shortest) continue;
    const auto inside = [&](int length) { return length >= first && length <= last; };
    const auto count = std::count_if(lengths.begin(), lengths.end(), inside);
    bins.push_back({static_cast<int>(first), static_cast<int>(last), static_cast<int>(count)});
  }
  return bins;
}

}  // namespace flashrna
