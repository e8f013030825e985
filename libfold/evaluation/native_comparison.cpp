#include "libfold/evaluation/native_comparison.h"

#include <filesystem>

#include "base/error.h"
#include "base/gzip.h"
#include "datasets/source_files.h"
#include "libfold/design/sample_name.h"
#include "rna/assembly.h"
#include "rna/compare/lddt.h"
#include "rna/compare/tm_score.h"
#include "rna/io/structure_reader.h"
#include "rna/superposition.h"

namespace flashrna {
NativeStructures::NativeStructures(const std::string& path) {
  std::error_code unreachable;
  const bool folder = std::filesystem::is_directory(path, unreachable);
  SourceFiles sources({path}, kMaxUnpackedBytes);
  while (std::optional<SourceFile> source = sources.next()) {
    const std::string name = source->name;
    const Structure structure = read_structure_from_memory(read_source(std::move(*source), kMaxUnpackedBytes), name);
    if (structure.chains.empty()) fail("{}: a native structure without RNA", name);
    const std::string stem = folder ? sample_stem(name) : "";
    if (!natives_.emplace(stem, join_chains(structure.chains).nucleotides).second) {
      fail("{}: a second native structure of the name \"{}\"", name, stem);
    }
  }
}

std::optional<NativeComparison> NativeStructures::compare(const MeasuredStructure& sample) const {
  const auto only = natives_.find("");
  const auto found = only != natives_.end() ? only : natives_.find(sample_stem(sample.name));
  if (found == natives_.end() || found->second.size() != sample.backbone.size()) return std::nullopt;
  const std::vector<Nucleotide>& native = found->second;
  std::vector<Vec3> c3, c4;
  for (const Nucleotide& nucleotide : native) {
    c3.push_back(nucleotide.atoms[kC3]);
    c4.push_back(nucleotide.atoms[kC4]);
  }
  return NativeComparison{lddt(sample.backbone.nucleotides(), native).value,
                          superpose(sample.backbone.positions(kC4), c4).rmsd,
                          tm_score(sample.c3, c3, static_cast<int>(c3.size())).value};
}

}  // namespace flashrna
