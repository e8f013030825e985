// Alignment of two RNA structures by their C3' atoms alone, whatever their sequences: the correspondence that keeps the
// order of both chains, and the superposition, of highest TM-score. The problem and its score are those of TM-align
// (Zhang & Skolnick 2005, doi:10.1093/nar/gki524) and RNA-align (Gong et al. 2019, doi:10.1093/bioinformatics/btz282);
// the search is our own, see the source. It is a heuristic: a better alignment may exist.
#pragma once

#include <span>

#include "rna/compare/ordered_pairs.h"
#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

struct StructureAlignment {
  ResiduePairs pairs;  // (position in mobile, position in target); none further apart than 1.5 L^0.3 + 3.5 Å when
                       // chosen, L the shorter length; never empty
  TmScore score;
};

// Chains of different lengths have two TM-scores, whose scales d0 differ: each has the alignment that is best for it.
struct StructureAlignments {
  StructureAlignment by_mobile;  // normalized by the length of `mobile`
  StructureAlignment by_target;
};

// Points are C3' positions, Å, in chain order. Throws Error if a chain is empty or holds a coordinate that is not
// finite. Memory one byte per pair of residues, and what is linear in the lengths.
StructureAlignments align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target);

// For one normalizing length alone, e.g. that of the longer chain; throws Error also if it is not positive.
StructureAlignment align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length);

}  // namespace flashrna
