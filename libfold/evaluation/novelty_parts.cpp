#include "libfold/evaluation/novelty_parts.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/error.h"
#include "base/sha256.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kColumns = {"tm_by_reference", "chain_by_reference", "tm_by_longer", "chain_by_longer",
                                           "alignments"};

std::string part_name(const Shard& shard) { return fmt::format("novelty.{}-of-{}.csv", shard.number, shard.count); }

// The number of parts, from the name of any of them; 0 if there is none.
int count_parts(const std::string& folder) {
  int number = 0, count = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (std::sscanf(name.c_str(), "novelty.%d-of-%d.csv", &number, &count) == 2 && name == part_name({number, count}))
      return count;
  }
  return 0;
}

Novelty novelty_of(const CsvTable& part, std::size_t row, const std::string& path, std::size_t reference) {
  std::vector<double> values;
  for (const std::string& column : kColumns) {
    const std::optional<double> value = part.number(row, part.column(column));
    if (!value) fail("{}: damaged: row {} has no number in {}; compute this part again", path, row + 2, column);
    values.push_back(*value);
  }
  const Novelty novelty{{values[0], static_cast<int>(values[1])},
                        {values[2], static_cast<int>(values[3])},
                        static_cast<std::size_t>(values[4])};
  for (const int chain : {novelty.by_reference.chain, novelty.by_longer.chain})
    if (chain < -1 || chain >= static_cast<int>(reference))
      fail("{}: damaged: row {} names reference chain {} of {}; compute this part again", path, row + 2, chain,
           reference);
  return novelty;
}

}  // namespace

std::string novelty_parts_folder(const std::string& folder, std::span<const std::vector<Vec3>> structures,
                                 std::span<const std::vector<Vec3>> reference) {
  std::string text;
  for (const auto& set : {structures, reference}) {
    text += fmt::format("{} chains\n", set.size());
    for (const std::vector<Vec3>& chain : set) {
      std::string bytes = fmt::format("{} nt\n", chain.size());
      for (const Vec3& position : chain)
        bytes.append(reinterpret_cast<const char*>(position.data()), 3 * sizeof(double));
      text += sha256_hex(bytes) + "\n";
    }
  }
  return (fs::path(folder) / ("parts_" + sha256_hex(text).substr(0, 16))).string();
}

void write_novelty_part(const std::string& parts_folder, const Shard& shard, const NoveltySearch& search) {
  CsvTable table;
  table.columns = kColumns;
  for (const Novelty& novelty : search.of)
    table.rows.push_back({fmt::format("{}", novelty.by_reference.tm_score),
                          fmt::format("{}", novelty.by_reference.chain), fmt::format("{}", novelty.by_longer.tm_score),
                          fmt::format("{}", novelty.by_longer.chain), fmt::format("{}", novelty.alignments)});
  std::error_code error;
  fs::create_directories(parts_folder, error);
  if (error) fail("{}: cannot be made: {}", parts_folder, error.message());
  write_file_atomically((fs::path(parts_folder) / part_name(shard)).string(), table.to_csv());
}

NoveltySearch read_novelty_parts(const std::string& parts_folder, std::size_t structures, std::size_t reference) {
  const int count = count_parts(parts_folder);
  if (count == 0)
    fail(
        "{}: no part of these samples with this reference is there; run the same command with --shard 1/N ... N/N "
        "instead of --join first",
        parts_folder);
  NoveltySearch search;
  search.of.resize(structures);
  search.pairs = structures * reference;
  for (int number = 1; number <= count; ++number) {
    const Shard shard{number, count};
    const std::string path = (fs::path(parts_folder) / part_name(shard)).string();
    if (!fs::exists(path)) fail("{}: part {} is missing; run --shard {}", path, shard.text(), shard.text());
    const CsvTable part = CsvTable::read(path);
    std::size_t row = 0;
    for (std::size_t i = 0; i < structures; ++i) {
      if (!shard.takes(i)) continue;
      if (row == part.rows.size()) break;
      search.of[i] = novelty_of(part, row++, path, reference);
      search.alignments += search.of[i].alignments;
    }
    const auto expected = static_cast<std::size_t>((structures + static_cast<std::size_t>(count - number)) /
                                                   static_cast<std::size_t>(count));
    if (row != part.rows.size() || row != expected)
      fail("{}: damaged: {} rows, expected {}; compute this part again", path, part.rows.size(), expected);
  }
  return search;
}

}  // namespace flashrna
