// Aligns two RNA structures by their C3' atoms alone, without their sequences: finds the order-preserving
// correspondence and the superposition with the highest TM-score. The problem and the score are those of TM-align
// (Zhang & Skolnick 2005, doi:10.1093/nar/gki524) and RNA-align (Gong et al. 2019, doi:10.1093/bioinformatics/btz282).
// The search is our own (see the source). It is a heuristic: a better alignment may exist.
#pragma once

#include <span>

#include "rna/compare/ordered_pairs.h"
#include "rna/compare/tm_score.h"
#include "rna/geometry.h"

namespace flashrna {

struct StructureAlignment {
  ResiduePairs pairs;  // (position in mobile, position in target), never empty. When chosen, no pair was further apart
                       // than 1.5 L^0.3 + 3.5 Å, L = the shorter length.
  TmScore score;
};

// Chains of different lengths have two TM-scores with different scales d0, each with its own best alignment.
struct StructureAlignments {
  StructureAlignment by_mobile;  // normalized by the length of `mobile`
  StructureAlignment by_target;
};

// Points are C3' positions, of proteins CA, Å, in chain order. Throws Error if a chain is empty or has a coordinate
// that is not finite. Memory: one byte per pair of residues, and terms linear in the lengths.
StructureAlignments align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target,
                                     TmScale scale = TmScale::kRna);

// For one normalizing length only, e.g. that of the longer chain. Throws Error also if it is not positive.
StructureAlignment align_structures(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length,
                                    TmScale scale = TmScale::kRna);

}  // namespace flashrna
