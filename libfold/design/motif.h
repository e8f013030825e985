// Finds the residues of a motif file that a contig names.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "libfold/design/contig.h"
#include "rna/structure.h"

namespace flashrna {

// The residues of a contig's motif items, one after another.
struct Motif {
  std::vector<Nucleotide> residues;  // with a frame, in the coordinates of the file
  std::vector<std::string> chains;   // by residue
  std::vector<int> first;            // by item of the contig: its first residue in `residues`; -1 for new residues
  std::vector<int> count;            // by item; 0 for new residues
  // Base pairs in the file (refine_base_pairs), by residue: the partner in `residues`, kUnpaired, or kUnspecified where
  // the partner is none of these residues.
  std::vector<int> partner;

  // "A23"
  std::string name_of(int residue) const;
};

// `path` names the file in messages. Throws Error that names the item and the residue for a chain or residue that the
// structure does not have (a residue without C3', C4' or O4' counts as such), residues missing between two of an item,
// and a residue that two items contain.
Motif find_motif(std::span<const ContigItem> contig, const Structure& structure, const std::string& path);

}  // namespace flashrna
