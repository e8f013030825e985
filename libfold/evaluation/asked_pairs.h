// Samples beside the secondary structure that was asked of them: which of its pairs they form, which of its loops they
// leave unpaired.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "libfold/evaluation/structure_set.h"
#include "rna/pairs/dot_bracket.h"
#include "rna/pairs/pair_agreement.h"

namespace flashrna {

struct PairComparison {
  Agreement pairs;
  Agreement loop_positions;  // unpaired positions
};

class AskedPairs {
 public:
  // A file of secondary structures (rna/pairs/secondary_structure_file.h), or a folder of them; other files there are
  // passed over. A file's only structure goes by the file's name without its ending, several by their own names. The
  // only structure of a single file is for every sample of its length. Throws Error for a file that cannot be read, for
  // several structures of which one has no name, for two of one name, and for a folder without any.
  explicit AskedPairs(const std::string& path);

  // Nothing where no structure has the sample's name, or it has another length. Sample names as in StructureSet; their
  // folder, ending and number of model do not count.
  std::optional<PairComparison> compare(const MeasuredStructure& sample) const;

 private:
  std::map<std::string, SecondaryStructureRecord> asked_;  // by name; "" for the only one
};

}  // namespace flashrna
