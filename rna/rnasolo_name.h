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

// Gives `structure`, read from such a file, its entry, model and chains. Identifiers that the name does not list (a PDB
// file has room for one character) are replaced by those of the name if both are equally many, and kept otherwise.
void apply_rnasolo_name(const RnasoloName& name, Structure& structure);

}  // namespace flashrna
