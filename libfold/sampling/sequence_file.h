// Reads residue names from a FASTA file. The model does not use the sequence; it is only written to the output.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// The bases of each record, by its length; they apply to every sample of that length. Accepts A, C, G, U and N in
// either case, and T as U. Throws Error naming file and line for another letter, an empty record, two records of one
// length, and a file that cannot be read or has no record.
std::map<int, std::vector<Base>> read_sequences(const std::string& path);

}  // namespace flashrna
