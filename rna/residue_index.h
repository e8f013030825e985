// Assigns residue indices: successive for bonded neighbors, with visible gaps elsewhere, independently of the file's
// numbering (which in tRNA skips numbers between bonded residues).
#pragma once

#include <span>

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

// Sets residue_index: 0 for the first nucleotide; +1 to a bonded neighbor; across a gap 1 plus the number of missing
// residues (by the sequence if known, otherwise by the author's numbers), and at least 2. Both spans have the same
// length.
void assign_residue_indices(std::span<Nucleotide> nucleotides, std::span<const PolymerPosition> positions);

}  // namespace flashrna
