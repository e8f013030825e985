// The option --polymer of subcommands.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "datasets/polymer_name.h"

namespace flashrna {

// Throws UsageError for an unknown name.
inline Polymer parse_polymer(const std::string& name) {
  const std::optional<Polymer> polymer = polymer_named(name);
  if (!polymer) fail_usage("--polymer \"{}\" is not rna or protein", name);
  return *polymer;
}

}  // namespace flashrna
