// Names of polymers in files, on the command line and in messages.
#pragma once

#include <optional>
#include <string_view>

#include "datasets/polymer.h"

namespace flashrna {

// The polymer of PolymerTraits::name; nullopt for an unknown name.
constexpr std::optional<Polymer> polymer_named(std::string_view name) {
  for (std::size_t i = 0; i < kPolymerTraits.size(); ++i) {
    if (name == kPolymerTraits[i].name) return static_cast<Polymer>(i);
  }
  return std::nullopt;
}

// As in "a dataset of proteins".
constexpr const char* polymer_title(Polymer polymer) { return polymer == Polymer::kRna ? "RNA" : "proteins"; }

// "nt" or "aa", after a number of residues.
constexpr const char* residue_unit(Polymer polymer) { return polymer == Polymer::kRna ? "nt" : "aa"; }

}  // namespace flashrna
