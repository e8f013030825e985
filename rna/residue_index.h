// Numbers the nucleotides of a chain so that a bonded neighbour is one further and a gap stays visible, whatever the
// file's own numbering does (in tRNA it skips bonded residues).
#pragma once

#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

// Whether `next` hangs on `previous`: O3'-P within 2.5 Å, or C4'-C4' within 9 Å where one of those two is missing.
bool bonded(const Nucleotide& previous, const Nucleotide& next);

inline constexpr double kLongestO3P = 2.5;  // Å

// Whether O3' of `previous` and P of `next` are both there, within 2.5 Å.
bool phosphodiester(const Nucleotide& previous, const Nucleotide& next);

// Where a kept nucleotide stands among all residues of its polymer.
struct PolymerPosition {
  int place = 0;              // in the list of the polymer's observed residues, kept or not
  int sequence_position = 0;  // in the polymer's full sequence, from 1; 0 if not known
};

// Sets residue_index: 0 for the first; +1 to a bonded neighbour; across a gap 1 plus the number of residues missing by
// the sequence, else by the author's numbers, and at least 2. Both spans have the same length.
void assign_residue_indices(std::span<Nucleotide> nucleotides, std::span<const PolymerPosition> positions);

}  // namespace flashrna
