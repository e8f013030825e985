#include "datasets/unique_chains.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "datasets/dataset_writer.h"

namespace flashrna {

namespace {

constexpr double kSameCoordinate = 1e-3;  // Å

std::uint64_t content_hash(const ChainRows& rows) {
  std::uint64_t hash = 0;
  const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15u + (hash >> 29); };
  for (int i = 0; i < rows.length; ++i) {
    mix(std::hash<std::string_view>{}(rows.residue_name[i]));
    mix(rows.atom_mask[i]);
  }
  return hash;
}

void compute_centroid(const ChainRows& rows, float (&centroid)[3]) {
  double sum[3] = {0, 0, 0};
  std::size_t n_atoms = 0;
  const auto slots = static_cast<std::size_t>(traits_of(rows.polymer).atom_slots);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows.length); ++i) {
    for (std::size_t slot = 0; slot < slots; ++slot) {
      if ((rows.atom_mask[i] >> slot & 1u) == 0) continue;
      const float* position = &rows.atom_positions[(i * slots + slot) * 3];
      for (int axis = 0; axis < 3; ++axis) sum[axis] += position[axis];
      ++n_atoms;
    }
  }
  for (int axis = 0; axis < 3; ++axis) centroid[axis] = static_cast<float>(sum[axis] / static_cast<double>(n_atoms));
}

bool is_same(double one, double other) {
  // Positions far from the origin were rounded to float32 on both sides.
  const double rounding = 1.2e-7 * std::max(std::abs(one), std::abs(other));
  return std::abs(one - other) <= kSameCoordinate + rounding;
}

}  // namespace

std::string chain_record_id(const ChainRecord& record) {
  std::string chains = record.chain_ids;
  std::replace(chains.begin(), chains.end(), ',', '-');
  return to_valid_utf8(fmt::format("{}_{}_{}", record.entry, record.model, chains));
}

const UniqueChains::Stored* UniqueChains::find_duplicate(std::uint64_t hash, const Stored& chain,
                                                         const ChainRows& rows) const {
  const auto [first, last] = by_content_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Stored& candidate = entry->second;
    bool near = true;
    for (int axis = 0; axis < 3; ++axis) near = near && is_same(candidate.centroid[axis], chain.centroid[axis]);
    if (!near) continue;
    const ChainRows stored = writer_.read_content(candidate.index);
    if (stored.residue_name == rows.residue_name && stored.atom_mask == rows.atom_mask &&
        std::equal(stored.atom_positions.begin(), stored.atom_positions.end(), rows.atom_positions.begin(), is_same)) {
      return &candidate;
    }
  }
  return nullptr;
}

bool UniqueChains::append(ChainRecord record, const ChainRows& rows) {
  Stored chain{n_stored_, {}};
  compute_centroid(rows, chain.centroid);
  const std::uint64_t hash = content_hash(rows);
  record.id = chain_record_id(record);
  if (const Stored* same = keep_duplicates_ ? nullptr : find_duplicate(hash, chain, rows)) {
    writer_.reject({record.source_file, record.chain_ids, kDuplicate,
                    fmt::format("the same residues and coordinates as {}", writer_.id(same->index))});
    return false;
  }
  const std::string base = record.id;
  for (int copy = 2; writer_.has(record.id); ++copy) record.id = fmt::format("{}.{}", base, copy);
  writer_.append(record, rows);
  ++n_stored_;
  by_content_.emplace(hash, chain);
  return true;
}

}  // namespace flashrna
