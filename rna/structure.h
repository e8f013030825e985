// An experimental or generated RNA structure: chains of nucleotides, without other molecules.
#pragma once

#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

struct Chain {
  std::string id;                       // author's chain id, case-sensitive, any length
  std::string molecule_kind = "RNA";    // "RNA" or "DNA/RNA hybrid"
  std::vector<Nucleotide> nucleotides;  // RNA residues of the polymer with a frame, in chain order
  int n_without_frame = 0;              // RNA residues left out because C3', C4' or O4' is missing
  int n_modified =
      0;  // of `nucleotides`: names other than A, C, G, U and their synonyms in other programs (ADE, RA5, rA)

  // Parent bases, one letter each.
  std::string sequence() const;
  // Number of neighbors in `nucleotides` whose residue_index differs by more than 1.
  int n_breaks() const;
};

// A chain of the file without any nucleotide that has a frame, and the reason.
struct RejectedChain {
  std::string id;
  std::string reason;  // one of a few fixed texts, e.g. "protein", "DNA", "no frame"
  std::string detail;
};

struct Structure {
  std::string entry;  // PDB id in the file, else at the beginning of its name, else the name without extension
  int model = 1;
  int n_models = 1;          // number of models in the file
  std::string method;        // "X-RAY DIFFRACTION", ...; empty = unknown
  double resolution = 0.0;   // Å; 0 = unknown
  std::string release_date;  // deposition or release date, YYYY-MM-DD; empty = unknown
  std::vector<Chain> chains;
  std::vector<RejectedChain> rejected;
};

}  // namespace flashrna
