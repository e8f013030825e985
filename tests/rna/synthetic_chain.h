// Chains made from nothing but ideal geometry, for tests that need no real structure.
#pragma once

#include <string>

#include "rna/structure.h"

namespace flashrna {

// A chain whose nucleotides have every atom of their base, are bonded by O3'-P of 1.6 Å, and are numbered from 1.
// `sequence` holds the bases, e.g. "GACU"; N gives a nucleotide with backbone atoms only.
Chain synthetic_chain(const std::string& id, const std::string& sequence);

// Renames a nucleotide as a modified one of the same parent and counts it.
void modify(Chain& chain, int position, const std::string& name);

}  // namespace flashrna
