// The layout of a flashrna dataset in one place: every group and column with its type, unit and meaning. The writer
// makes files from this table, the reader checks files against it, the tests compare both with it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "datasets/hdf5/file.h"

namespace flashrna {

inline constexpr const char* kDatasetFormat = "flashrna-dataset";
inline constexpr int kDatasetVersion = 2;  // 2: /residues/partner

// What the rows of a group are, and how many rows go into one compressed chunk.
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
  int since = 1;  // version of the dataset that has it first

  std::string path() const { return std::string("/") + group + "/" + name; }
};

inline constexpr const char* kChainsGroup = "chains";
inline constexpr const char* kResiduesGroup = "residues";
inline constexpr const char* kRejectedGroup = "rejected";
// The only column of /chains with one row more than there are chains.
inline constexpr std::string_view kOffsetColumn = "offset";
// Nucleotides of one chain. The longest RNA known has some 40 thousand; a file that claims more than this is damaged.
inline constexpr int kLongestChain = 1'000'000;
// Bytes of one text of fixed width where the schema has variable length, as other programs may write it.
inline constexpr std::size_t kWidestText = 4096;
// Width of residue_name. Names in the Chemical Component Dictionary have at most 5 characters.
inline constexpr std::size_t kResidueNameWidth = 16;

std::span<const SchemaGroup> dataset_groups();
// In the order in which they are written.
std::span<const SchemaColumn> dataset_columns();

}  // namespace flashrna
