// For the tests of real structures.
#pragma once

#include <set>
#include <string>

#include "rna/structure.h"

namespace flashrna {

// The residue names of a chain other than A, C, G and U: unique, sorted, separated by blanks.
inline std::string modified_names(const Chain& chain) {
  std::set<std::string> names;
  for (const Nucleotide& n : chain.nucleotides) {
    if (n.name != "A" && n.name != "C" && n.name != "G" && n.name != "U") names.insert(n.name);
  }
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
  return joined;
}

}  // namespace flashrna
