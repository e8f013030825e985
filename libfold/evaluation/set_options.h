// What is common to sets of RNA and of proteins: the unit of a structure, how a set is read, what was left out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace flashrna {

// The unit that counts as one structure of a file: a model with all its chains, or each chain of the first model.
enum class StructureUnit { kModel, kChain };

struct LeftOut {
  std::string name;
  std::string reason;
};

struct SetSource {
  std::size_t files = 0;
  std::size_t skipped_files = 0;         // files in folders and archives whose names are not those of structures
  std::size_t pdb_twins = 0;             // PDB files skipped because an mmCIF file of the same name lies beside them
  std::vector<LeftOut> unreadable;       // files
  std::vector<LeftOut> without_polymer;  // files without a chain of the polymer
  std::vector<LeftOut> too_short;        // structures of less than kShortestStructure
  std::string held_out;  // of a dataset with splits, unless its training split is read: describe_held_out
};

inline constexpr int kShortestStructure = 3;  // residues with a frame

struct ReadSetOptions {
  StructureUnit unit = StructureUnit::kModel;
  bool keep_backbones = false;
  std::string split;  // of a dataset: use only chains of this split; "" = all
  int threads = 0;    // 0: base/thread_limits.h
};

}  // namespace flashrna
