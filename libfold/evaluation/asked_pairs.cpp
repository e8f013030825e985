#include "libfold/evaluation/asked_pairs.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "libfold/design/sample_name.h"
#include "rna/pairs/secondary_structure_file.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// Files in the folder and its subfolders, sorted, without hidden files.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
    std::error_code unreachable;  // a link that leads nowhere is named when it is read
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (!at->is_directory(unreachable) && is_secondary_structure_file(at->path().string())) {
      files.push_back(at->path().string());
    }
  }
  std::ranges::sort(files);
  if (files.empty()) fail("{}: no secondary structure in this folder: .dbn, .bpseq or .ct", folder);
  return files;
}

}  // namespace

AskedPairs::AskedPairs(const std::string& path) {
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  if (!fs::exists(path, ignored)) fail("{}: no such file or folder", path);
  for (const std::string& file : folder ? files_of(path) : std::vector<std::string>{path}) {
    std::vector<SecondaryStructureRecord> records = read_secondary_structures(file);
    const bool only = records.size() == 1;
    for (SecondaryStructureRecord& record : records) {
      const std::string name = name_stem(!only    ? record.name
                                         : folder ? sample_stem(fs::path(file).filename().string())
                                                  : "");
      if (!only && name.empty()) fail("{}: holds {} structures, one without a name", file, records.size());
      if (!asked_.emplace(name, std::move(record)).second) {
        fail("{}: a second secondary structure of the name \"{}\"", file, name);
      }
    }
  }
}

std::optional<PairComparison> AskedPairs::compare(const MeasuredStructure& sample) const {
  const std::string stem = name_stem(sample_stem(sample.name));
  auto found = asked_.find("");
  if (found == asked_.end()) found = asked_.find(stem);
  // `flashrna sample --secondary-structure` names its samples NAME_sample_007.
  if (found == asked_.end()) found = asked_.find(stem_of_sample(stem));
  if (found == asked_.end() || found->second.partner.size() != sample.partner.size()) return std::nullopt;
  const std::vector<int>& asked = found->second.partner;
  PairComparison comparison{compare_pairs(asked, sample.partner), compare_loop_positions(asked, sample.partner), {}};
  if (!sample.whole_base_partner.empty()) comparison.whole_bases = compare_pairs(asked, sample.whole_base_partner);
  return comparison;
}

}  // namespace flashrna
