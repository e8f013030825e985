// PDB files composed line by line, so that a test can change any column before the file is read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rna/structure.h"

namespace flashrna {

// One ATOM or HETATM line, which a test can change before it is printed.
struct AtomLine {
  std::string record = "ATOM";
  std::string atom;
  char alternate = ' ';
  std::string residue;
  std::string chain = "A";
  int seq_id = 0;
  char insertion_code = ' ';
  Vec3 position;
  double occupancy = 1.0;

  std::string text() const;
};

using Lines = std::vector<AtomLine>;  // of one residue

// The residues of a synthetic chain "A", numbered from 1.
std::vector<Lines> residues_of(const std::string& sequence);
Lines lines_of(const Nucleotide& nucleotide);

void change(Lines& lines, const std::function<void(AtomLine&)>& edit);

std::string text_of(const Lines& lines);
std::string text_of(const std::vector<Lines>& residues);

// Reads the text as "made.pdb".
Structure read_pdb(const std::string& text);

}  // namespace flashrna
