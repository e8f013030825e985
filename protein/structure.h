// An experimental or generated protein structure: chains of residues, without other molecules.
#pragma once

#include <string>
#include <vector>

#include "protein/residue.h"
#include "rna/structure.h"

namespace flashrna {

struct ProteinChain {
  std::string id;  // author's chain id, case-sensitive, any length
  std::string molecule_kind = "protein";
  std::vector<ProteinResidue> residues;  // those with a frame, in chain order
  int n_without_frame = 0;               // residues left out because N, CA or C is missing
  int n_modified = 0;                    // of `residues`: names other than the 20 and their synonyms (HIE, CYX)

  std::string sequence() const;  // letters of the parents, X = unknown
  // Number of neighbors in `residues` whose residue_index differs by more than 1.
  int n_breaks() const;
};

struct ProteinStructure {
  std::string entry;  // PDB id in the file, else at the beginning of its name, else the name without extension
  int model = 1;
  int n_models = 1;          // number of models in the file
  std::string method;        // "X-RAY DIFFRACTION", ...; empty = unknown
  double resolution = 0.0;   // Å; 0 = unknown
  std::string release_date;  // YYYY-MM-DD; empty = unknown
  std::vector<ProteinChain> chains;
  std::vector<RejectedChain> rejected;  // chains of the file that are no protein, or have no residue with a frame
};

// One chain of an assembly, as join_chains of rna/assembly.h: id "A,B,C"; residue_index rises by kChainJoin at each
// join. Needs at least one chain. Throws Error if an index would exceed int.
ProteinChain join_protein_chains(const std::vector<ProteinChain>& chains);

}  // namespace flashrna
