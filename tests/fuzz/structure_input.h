// One input of the structure reader's fuzzer: what its bytes mean, and what is done with them. The fuzzer makes such
// inputs, tests/rna/io/fuzz_regression_test.cpp reads those that once were findings (tests/data/fuzz).
#pragma once

#include <string_view>

namespace flashrna {

// The first byte chooses the file name's ending (bits 0 and 1: .pdb, .cif, .pdb.gz, .cif.gz; bit 4: .bcif) and the
// model (bits 2 and 3, from 1); the rest is the file. Reads it, computes frames and torsions, writes it as PDB and
// mmCIF, reads that mmCIF back. Throws Error if the input is refused. Anything else is a finding: other exceptions, and
// std::logic_error where what was read breaks a promise (rna/structure.h) or does not survive being written.
void read_structure_input(std::string_view input);

}  // namespace flashrna
