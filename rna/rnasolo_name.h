// File names of RNAsolo (Adamczyk et al. 2022, doi:10.1093/bioinformatics/btac386): entry_model_chains, several chains
// joined by hyphens: 6WD5_1_2, 7M57_1_qq-bb, 3B58_1_B-C-A. Chain letters are case-sensitive.
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

// Parses a file name, ignoring folder and extension; nullopt if it is not a name of RNAsolo.
std::optional<RnasoloName> parse_rnasolo_name(std::string_view file_name);

// Applies the model number and chain identifiers of the file's name to `structure`, read from that file. The file's
// content takes precedence: a name of another entry is ignored; the model is used only if the file has one model;
// chains are renamed only in a PDB file (which has room for one character), and only if the name lists as many chains
// as the file has and longer identifiers.
void apply_rnasolo_name(const RnasoloName& name, bool is_pdb, Structure& structure);

}  // namespace flashrna
