// TM-score of RNA structures (Gong et al. 2019, doi:10.1093/bioinformatics/btz282) on C3' atoms, and of proteins (Zhang
// & Skolnick 2004, doi:10.1002/prot.20264) on CA atoms: they differ in the scale d0 alone. Needs a residue
// correspondence; rna/compare/structure_alignment.h finds one from the structures alone.
#pragma once

#include <span>

#include "rna/geometry.h"

namespace flashrna {

struct TmScore {
  double value = 0.0;     // in (0, 1] if the normalizing length is not below the number of pairs; 1 = identical
  double rmsd = 0.0;      // Å, of all pairs after the superposition with the smallest RMSD
  RigidTransform motion;  // moves `mobile` onto `target` with the highest TM-score
};

enum class TmScale { kRna, kProtein };

// d0 in Å. RNA: 0.6 sqrt(L - 0.5) - 2.5 for L >= 30; below, 0.7 (L >= 24), 0.6 (20), 0.5 (16), 0.4 (12), 0.3. Protein:
// 1.24 cbrt(L - 15) - 1.8, at least 0.5.
double tm_score_scale(int normalizing_length, TmScale scale = TmScale::kRna);

// Sum over pairs of 1 / (1 + d²/d0²) at a given motion, divided by the normalizing length.
double tm_score_at(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length,
                   const RigidTransform& motion, TmScale scale = TmScale::kRna);

// Highest TM-score over rigid motions. `normalizing_length` sets both the divisor and d0.
// Throws Error if the spans differ in length or are empty, or if the length is not positive.
TmScore tm_score(std::span<const Vec3> mobile, std::span<const Vec3> target, int normalizing_length,
                 TmScale scale = TmScale::kRna);

}  // namespace flashrna
