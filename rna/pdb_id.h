// Identifiers of PDB entries: "1EHZ", "pdb_00001ehz".
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/letter_case.h"

namespace flashrna {

inline bool is_alphanumeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

// Whether `id` is a PDB identifier, in upper or lower case.
inline bool is_pdb_id(std::string_view id) {
  if (to_lower(id).starts_with("pdb_")) return id.size() == 12 && is_alphanumeric(id.substr(4));
  return id.size() == 4 && std::isdigit(static_cast<unsigned char>(id[0])) != 0 && is_alphanumeric(id);
}

}  // namespace flashrna
