// Identifiers of PDB entries: "1EHZ", "pdb_00001ehz".
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
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

// The id in upper case. "PDB_00001EHZ" becomes "1EHZ", the same entry.
inline std::string short_pdb_id(std::string_view id) {
  constexpr std::string_view kPrefix = "PDB_0000";
  const std::string upper = to_upper(id);
  return upper.starts_with(kPrefix) && is_pdb_id(upper.substr(kPrefix.size())) ? upper.substr(kPrefix.size()) : upper;
}

}  // namespace flashrna
