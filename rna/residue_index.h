// Assigns residue indices: successive for bonded neighbors, with visible gaps elsewhere, independently of the file's
// numbering (which in tRNA skips numbers between bonded residues).
#pragma once

#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// Whether `next` is bonded to `previous`: O3'-P within 2.5 Å, or C4'-C4' within 9 Å if one of those two atoms is
// missing.
bool bonded(const Nucleotide& previous, const Nucleotide& next);

inline constexpr double kLongestO3P = 2.5;  // Å

// Whether O3' of `previous` and P of `next` are present and within 2.5 Å.
bool phosphodiester(const Nucleotide& previous, const Nucleotide& next);

// Position of a kept nucleotide among all residues of its polymer.
struct PolymerPosition {
  int place = 0;              // index among the polymer's observed residues, kept or not
  int sequence_position = 0;  // in the polymer's full sequence, from 1; 0 = unknown
};

// What the index of a residue depends on.
struct IndexedResidue {
  int seq_id = 0;  // author's number
  PolymerPosition position;
  bool bonded = false;  // to the residue before it
};

// The indices: 0 for the first residue; +1 to a bonded neighbor; across a gap 1 plus the number of missing residues (by
// the sequence if known, otherwise by the author's numbers), and at least 2.
std::vector<int> residue_indices(std::span<const IndexedResidue> residues);

// Sets residue_index to residue_indices. Both spans have the same length.
void assign_residue_indices(std::span<Nucleotide> nucleotides, std::span<const PolymerPosition> positions);

}  // namespace flashrna
