#include "libfold/evaluation/set_source.h"

#include "rna/io/structure_reader.h"

namespace flashrna {

namespace fs = std::filesystem;

bool stands_beside_mmcif(const std::string& path) {
  const std::string whole = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  if (!whole.ends_with(".pdb")) return false;
  const std::string stem = whole.substr(0, whole.size() - 4);
  std::error_code ignored;
  return fs::exists(stem + ".cif", ignored) || fs::exists(stem + ".cif.gz", ignored);
}

bool is_structure_source(const std::string& path, const std::string& split) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    fail("{}: no such file or folder; a reference is a dataset (.h5) or structures", path);
  const std::string name = fs::path(path).filename().string();
  const bool structures = fs::is_directory(path, ignored) || is_structure_file_name(name) || is_archive_file_name(name);
  if (structures && !split.empty()) {
    fail_usage("the split \"{}\" of {}: only datasets have splits; flashrna convert and flashrna split make one", split,
               path);
  }
  return structures;
}

void check_any(const SetSource& set, std::size_t n_structures, const std::string& where, const char* polymer,
               const char* unit) {
  if (n_structures > 0) return;
  if (set.files == 0) {
    fail("{}: no file to measure; {} PDB file{} left out, each the twin of an mmCIF file beside it", where,
         set.pdb_twins, set.pdb_twins == 1 ? "" : "s");
  }
  const std::vector<LeftOut>& first = !set.unreadable.empty()        ? set.unreadable
                                      : !set.without_polymer.empty() ? set.without_polymer
                                                                     : set.too_short;
  fail(
      "{}: no {} structure to measure in {} file{}: {} unreadable, {} without {}, {} shorter than {} {}; the first "
      "is {}: {}",
      where, polymer, set.files, set.files == 1 ? "" : "s", set.unreadable.size(), set.without_polymer.size(), polymer,
      set.too_short.size(), kShortestStructure, unit, first.front().name, first.front().reason);
}

}  // namespace flashrna
