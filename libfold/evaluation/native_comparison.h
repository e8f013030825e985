// Samples beside the native structure that they should be: lDDT and RMSD, residue i against residue i.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/structure_set.h"

namespace flashrna {

struct NativeComparison {
  double lddt = 0.0;      // of the 13 backbone atoms, in [0, 1]; NaN where no pair is within reach
  double rmsd = 0.0;      // Å, of C4', after superposition
  double tm_score = 0.0;  // of C3', normalized by the length
};

class NativeStructures {
 public:
  // A structure file for every sample of its length, or a folder whose files are told apart by their names without the
  // ending. Of each file the first model, its RNA chains joined. Throws Error for a file that cannot be read, holds no
  // RNA, or for two files of one name.
  explicit NativeStructures(const std::string& path);

  // Nothing where there is no native of that name, or it has another length. Sample names as in StructureSet.
  std::optional<NativeComparison> compare(const MeasuredStructure& sample) const;

 private:
  std::map<std::string, std::vector<Nucleotide>> natives_;  // by name; "" for the only one
};

}  // namespace flashrna
