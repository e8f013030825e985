// The chains of a structure in one line, for tests of what was read.
#pragma once

#include <fmt/format.h>

#include <string>

#include "rna/structure.h"

namespace flashrna {

// "A GACU 0, B GG 1": id, sequence and number of breaks of every chain.
inline std::string chains_of(const Structure& structure) {
  std::string text;
  for (const Chain& chain : structure.chains) {
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", chain.id, chain.sequence(), chain.n_breaks());
  }
  return text;
}

}  // namespace flashrna
