// The residues of one author chain that may be nucleotides of a polymer, and the file's information about each.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "rna/io/membership.h"
#include "rna/io/polymer_chain.h"
#include "rna/io/residue_atoms.h"

namespace gemmi {
struct Entity;
}

namespace flashrna {

struct Candidate {
  ObservedResidue observed;
  Membership membership = Membership::kIfBonded;
  std::string segment;        // adjacent residues differ where a molecule may end
  bool is_plain_atom = true;  // not a HETATM record
  bool declared_rna = false;  // by more than the residue name; used only if O2' is missing
  bool unmarked_dna = false;  // DNA with an RNA residue name
};

struct ChainCandidates {
  std::string id;
  std::vector<Candidate> candidates;  // RNA and DNA, in file order
  int n_residues = 0;                 // including residues that are neither
  int n_amino_acids = 0;
  const gemmi::Entity* seqres = nullptr;  // owned by `parsed`; the entity of a PDB file
};

// All chains of the model, in order of first appearance. `parsed` must outlive the result.
std::vector<ChainCandidates> collect_candidates(const gemmi::Structure& parsed, const gemmi::Model& model,
                                                const FileResidues& file_residues);

}  // namespace flashrna
