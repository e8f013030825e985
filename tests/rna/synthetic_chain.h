// Chains made from ideal geometry, for tests without real structures.
#pragma once

#include <string>

#include "rna/structure.h"

namespace flashrna {

// A chain whose nucleotides have all atoms of their bases, are bonded by O3'-P of 1.6 Å, and are numbered from 1.
// `sequence` gives the bases, e.g. "GACU"; N gives a nucleotide with backbone atoms only.
Chain synthetic_chain(const std::string& id, const std::string& sequence);

// Renames a nucleotide as a modified one with the same parent and counts it.
void modify(Chain& chain, int position, const std::string& name);

}  // namespace flashrna
