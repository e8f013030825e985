// Compares proteins with their native structures, residue i with residue i: RMSD and TM-score of CA.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libfold/evaluation/protein/protein_set.h"

namespace flashrna {

struct NativeProteinComparison {
  double rmsd = 0.0;      // Å, of CA, after superposition
  double tm_score = 0.0;  // of CA, normalized by the length
};

class NativeProteins {
 public:
  // A file or a folder, matched to samples as by NativeStructures (libfold/evaluation/native_comparison.h). Throws
  // Error for a file that cannot be read or holds no protein, and for two files with the same name.
  explicit NativeProteins(const std::string& path);

  // Returns nullopt if no native has the sample's name or if its length differs.
  std::optional<NativeProteinComparison> compare(const MeasuredProtein& sample) const;

 private:
  std::map<std::string, std::vector<Vec3>> natives_;  // CA by name; "" for a single file
};

}  // namespace flashrna
