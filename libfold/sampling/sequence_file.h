// Names of residues from a FASTA file. No design: the model sees no sequence, the names are only written out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// The bases of each record by its length: those of every sample as long. Letters A, C, G, U and N in either case; T is
// U. Throws Error naming file and line for another letter, for an empty record, for two records of one length, and for
// a file that cannot be read or holds no record.
std::map<int, std::vector<Base>> read_sequences(const std::string& path);

}  // namespace flashrna
