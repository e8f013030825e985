// Letters for designs: a line such as GGGNNN&CCC, or a FASTA file.
#pragma once

#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

struct SequenceRecord {
  std::string title;          // first line of the record without ">"; "" for a line
  int line = 0;               // of the file, from 1; 0 for a line
  std::vector<Base> bases;    // [L], N where unspecified
  std::vector<int> molecule;  // [L], from 0; empty without "&"
};

// Whether `text` consists of the letters below, so that it is a sequence itself and not the name of a file.
bool is_sequence_line(const std::string& text);

// The records of a FASTA file, or one of a line. Accepts A, C, G, U and N in either case, T as U, ? as N, and &
// between molecules. Throws Error naming file, line and letter for another letter, an empty record or molecule, and a
// file that cannot be read or has no record.
std::vector<SequenceRecord> read_sequences(const std::string& text_or_path);

// The record for residues of that length: the one titled `name` if there is one, else the only one of `length`
// residues; nullptr if there is none. Throws Error naming the lines of two untitled records of that length.
const SequenceRecord* find_sequence(const std::vector<SequenceRecord>& records, const std::string& name, int length,
                                    const std::string& path);

}  // namespace flashrna
