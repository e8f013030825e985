#include "tests/datasets/example_structures.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "tests/rna/synthetic_chain.h"

namespace flashrna {

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

std::string file_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace flashrna
