#include "libfold/evaluation/protein/protein_natives.h"

#include <filesystem>

#include "base/error.h"
#include "datasets/source_files.h"
#include "libfold/design/sample_name.h"
#include "protein/io/structure_reader.h"
#include "rna/compare/tm_score.h"
#include "rna/superposition.h"

namespace flashrna {

NativeProteins::NativeProteins(const std::string& path) {
  const bool folder = std::filesystem::is_directory(path);
  SourceFiles sources({path}, kMaxUnpackedBytes);
  while (std::optional<SourceFile> source = sources.next()) {
    const std::string name = source->name;
    const ProteinStructure structure =
        read_protein_from_memory(read_source(std::move(*source), kMaxUnpackedBytes), name);
    if (structure.chains.empty()) fail("{}: a native structure without protein", name);
    std::vector<Vec3> ca;
    for (const ProteinChain& chain : structure.chains) {
      for (const ProteinResidue& residue : chain.residues) ca.push_back(residue.atom(kCA));
    }
    const std::string stem = folder ? sample_stem(name) : "";
    if (!natives_.emplace(stem, std::move(ca)).second) {
      fail("{}: a second native structure of the name \"{}\"", name, stem);
    }
  }
}

std::optional<NativeProteinComparison> NativeProteins::compare(const MeasuredProtein& sample) const {
  const auto only = natives_.find("");
  const auto found = only != natives_.end() ? only : natives_.find(sample_stem(sample.name));
  if (found == natives_.end() || found->second.size() != sample.ca.size()) return std::nullopt;
  const std::vector<Vec3>& native = found->second;
  return NativeProteinComparison{superpose(sample.ca, native).rmsd,
                                 tm_score(sample.ca, native, static_cast<int>(native.size()), TmScale::kProtein).value};
}

}  // namespace flashrna
