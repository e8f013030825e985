// Compares samples with the requested secondary structure: which of its pairs they form, and which of its loops they
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
  Agreement loop_positions;              // unpaired positions
  std::optional<Agreement> whole_bases;  // pairs that whole bases form; empty without base atoms
};

class AskedPairs {
 public:
  // Reads a file of secondary structures (rna/pairs/secondary_structure_file.h), or a folder of such files; ignores
  // other files. A single structure in a file is named after the file without its extension; several structures have
  // their own names. The only structure of a single file applies to every sample of its length. Throws Error for a file
  // that cannot be read, for several structures of which one has no name, for duplicate names, and for a folder without
  // structures.
  explicit AskedPairs(const std::string& path);

  // Empty if no structure has the sample's name, with or without "_sample_007" at its end, or if the lengths differ.
  // Sample names are those of StructureSet; their folder, extension and model number are ignored.
  std::optional<PairComparison> compare(const MeasuredStructure& sample) const;

 private:
  std::map<std::string, SecondaryStructureRecord> asked_;  // by name; "" for the only structure
};

}  // namespace flashrna
