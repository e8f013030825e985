// Names of RNAsolo's files (Adamczyk et al. 2022, doi:10.1093/bioinformatics/btac386): entry_model_chains, where
// several chains are joined by hyphens: 6WD5_1_2, 7M57_1_qq-bb, 3B58_1_B-C-A. The case of a chain's letters counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rna/structure.h"

namespace flashrna {

struct RnasoloName {
  std::string entry;  // PDB id, upper case
  int model = 1;
  std::vector<std::string> chains;
};

// What a file's name says, whatever its folder and ending; nothing if it is not such a name.
std::optional<RnasoloName> parse_rnasolo_name(std::string_view file_name);

// Gives `structure`, read from such a file, the model that the file was taken from and its chains' own identifiers.
// What stands in the file goes before: a name of another entry says nothing, the model counts only where the file has
// one model, and chains are renamed only in a PDB file (which has room for one character), as many as the name lists,
// where the name has longer ones.
void apply_rnasolo_name(const RnasoloName& name, bool is_pdb, Structure& structure);

}  // namespace flashrna
