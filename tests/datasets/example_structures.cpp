#include "tests/datasets/example_structures.h"

#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {

namespace fs = std::filesystem;

Chain example_chain(const std::string& id, int length, int seed) {
  std::string sequence;
  for (int i = 0; i < length; ++i) sequence += "GACUUCGGAAC"[(i + seed) % 11];
  return synthetic_chain(id, sequence);
}

Structure example_structure(const std::string& entry, const std::vector<int>& lengths) {
  Structure structure;
  structure.entry = entry;
  structure.method = "X-RAY DIFFRACTION";
  structure.resolution = 1.93;
  structure.release_date = "2000-02-23";
  for (std::size_t c = 0; c < lengths.size(); ++c) {
    const std::string id = c < 26 ? std::string(1, static_cast<char>('A' + c)) : fmt::format("Z{}", c);
    structure.chains.push_back(example_chain(id, lengths[c], static_cast<int>(c)));
  }
  return structure;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "flashrna-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) fail("cannot make a temporary folder {}", name);
  folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string TemporaryFolder::path(const std::string& name) const {
  return name.empty() ? folder_.string() : (folder_ / name).string();
}

std::string TemporaryFolder::write(const std::string& name, const std::string& text) const {
  const fs::path path = folder_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

int TemporaryFolder::count() const {
  return static_cast<int>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
}

std::string file_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace flashrna
