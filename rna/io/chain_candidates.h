// The residues of one author's chain that may be nucleotides of a polymer, with what the file says about each.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "rna/io/polymer_chain.h"
#include "rna/io/residue_atoms.h"

namespace gemmi {
struct Entity;
}

namespace flashrna {

// How sure the file makes us that a nucleotide is part of the polymer and not a ligand.
enum class Membership { kYes, kIfBonded, kNo };

struct Candidate {
  ObservedResidue observed;
  Membership membership = Membership::kIfBonded;
  std::string segment;        // successive ones differ where a molecule may end
  bool is_plain_atom = true;  // not a HETATM record
  bool declared_rna = false;  // not by its name alone; asked only where O2' is missing
  bool unmarked_dna = false;  // DNA with a name of RNA
};

struct ChainCandidates {
  std::string id;
  std::vector<Candidate> candidates;  // RNA and DNA, in the file's order
  int n_residues = 0;                 // with those that are neither
  int n_amino_acids = 0;
  const gemmi::Entity* seqres = nullptr;  // of `parsed`; that of a PDB file
};

// All chains of the model, in the order of first appearance. `parsed` must outlive them.
std::vector<ChainCandidates> collect_candidates(const gemmi::Structure& parsed, const gemmi::Model& model,
                                                const FileResidues& file_residues);

}  // namespace flashrna
