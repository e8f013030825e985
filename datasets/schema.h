// The layout of a flashrna dataset: every group and column with its type, unit and meaning. The writer creates files
// from this table, the reader checks files against it, and tests compare both with it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datasets/hdf5/file.h"
#include "datasets/polymer.h"

namespace flashrna {

inline constexpr const char* kDatasetFormat = "flashrna-dataset";
// Newest version. 2: /residues/partner; 3: /residues/chi_sin_cos; 4: root attribute `polymer`.
inline constexpr int kDatasetVersion = 4;
// The version that is written. A file without the attribute holds RNA, and earlier programs read it.
constexpr int written_version(Polymer polymer) { return polymer == Polymer::kRna ? 3 : 4; }

// What one row of a group is, and the number of rows in a compressed chunk.
struct SchemaGroup {
  const char* name;
  std::uint64_t chunk_rows;
  const char* description;
};

struct SchemaColumn {
  const char* group;
  const char* name;
  Hdf5Type type;
  Hdf5Shape row;           // shape of one row; [] for a single value
  std::size_t text_width;  // bytes of a fixed-width text, 0 = variable length; only for kText
  const char* unit;        // "1" for pure numbers, "" for names
  const char* description;
  int since = 1;                // first dataset version that has the column
  std::optional<Polymer> only;  // the polymer whose datasets alone have the column

  std::string path() const { return std::string("/") + group + "/" + name; }
};

inline constexpr const char* kChainsGroup = "chains";
inline constexpr const char* kResiduesGroup = "residues";
inline constexpr const char* kRejectedGroup = "rejected";
// Of a shard of a conversion only: /shard/rejected_after, i64 by row of /rejected: chains stored before it.
inline constexpr const char* kShardGroup = "shard";
inline constexpr const char* kRejectedAfter = "rejected_after";
// The only column of /chains with one more row than there are chains.
inline constexpr std::string_view kOffsetColumn = "offset";
// Longest allowed chain in residues. The longest known RNA has some 40 thousand; a larger number means a damaged
// file.
inline constexpr int kLongestChain = 1'000'000;
// Largest accepted width of fixed-width texts in columns that the schema declares variable-length, as other programs
// may write them.
inline constexpr std::size_t kWidestText = 4096;
// Width of residue_name. Names in the Chemical Component Dictionary have at most 5 characters.
inline constexpr std::size_t kResidueNameWidth = 16;

std::span<const SchemaGroup> dataset_groups(Polymer polymer = Polymer::kRna);
// In the order of writing.
std::span<const SchemaColumn> dataset_columns(Polymer polymer = Polymer::kRna);

}  // namespace flashrna
