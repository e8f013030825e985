// Compares samples with their native structures, residue i with residue i: lDDT, RMSD, TM-score.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/structure_set.h"

namespace flashrna {

struct NativeComparison {
  double lddt = 0.0;      // of the 13 backbone atoms, in [0, 1]; NaN if no pair is within the radius
  double rmsd = 0.0;      // Å, of C4', after superposition
  double tm_score = 0.0;  // of C3', normalized by the length
};

class NativeStructures {
 public:
  // `path` is one structure file for all samples of its length, or a folder whose files are matched to samples by their
  // names without extension. Of each file the first model is used with all its RNA chains joined. Throws Error for a
  // file that cannot be read or holds no RNA, and for two files with the same name.
  explicit NativeStructures(const std::string& path);

  // Returns nullopt if no native has the sample's name (as in StructureSet) or if its length differs.
  std::optional<NativeComparison> compare(const MeasuredStructure& sample) const;

 private:
  std::map<std::string, std::vector<Nucleotide>> natives_;  // by name; "" for a single file
};

}  // namespace flashrna
