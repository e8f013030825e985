// Interprets one input of the structure reader's fuzzer. The fuzzer generates such inputs;
// tests/rna/io/fuzz_regression_test.cpp reads those that were findings (tests/data/fuzz).
#pragma once

#include <string_view>

namespace flashrna {

// The first byte selects the file extension (bits 0 and 1: .pdb, .cif, .pdb.gz, .cif.gz; bit 4: .bcif) and the model
// (bits 2 and 3, from 1); the rest is the file. Reads it, computes frames and torsions, writes it as PDB and mmCIF, and
// reads that mmCIF back. Throws Error if the input is rejected. Anything else is a finding: other exceptions, and
// std::logic_error if the result violates an invariant (rna/structure.h) or changes when written and read back.
void read_structure_input(std::string_view input);

}  // namespace flashrna
