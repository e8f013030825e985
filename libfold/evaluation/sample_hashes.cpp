#include "libfold/evaluation/sample_hashes.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/sha256.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// SHA-256 by file name, from the columns that `flashrna sample` writes. Empty for a table of another program.
std::map<std::string, std::string> recorded_hashes(const fs::path& table_path) {
  std::map<std::string, std::string> hashes;
  const CsvTable table = CsvTable::read(table_path);
  const auto has = [&](const char* column) { return std::ranges::find(table.columns, column) != table.columns.end(); };
  const std::array<std::array<const char*, 2>, 2> columns = {{{"file", "sha256"}, {"pdb_file", "pdb_sha256"}}};
  for (const auto& [file, hash] : columns) {
    if (!has(file) || !has(hash)) continue;
    const std::size_t at_file = table.column(file), at_hash = table.column(hash);
    for (const std::vector<std::string>& row : table.rows) hashes[row[at_file]] = row[at_hash];
  }
  return hashes;
}

}  // namespace

std::vector<std::string> changed_samples(const std::vector<std::string>& inputs) {
  std::map<fs::path, std::set<std::string>> given;  // by folder; no files: all
  for (const std::string& input : inputs) {
    const fs::path path = fs::path(input).lexically_normal();
    if (fs::is_directory(path))
      given[path];
    else
      given[path.parent_path()].insert(path.filename());
  }
  std::vector<std::string> changed;
  for (const auto& [folder, files] : given) {
    const fs::path table = folder / "samples.csv";
    if (!fs::exists(table)) continue;
    for (const auto& [file, hash] : recorded_hashes(table)) {
      const fs::path path = folder / file;
      if ((files.empty() || files.contains(file)) && fs::exists(path) && sha256_hex(read_file(path)) != hash)
        changed.push_back(path);
    }
  }
  return changed;
}

}  // namespace flashrna
