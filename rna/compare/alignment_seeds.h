// Starting points of a structural alignment: rigid motions that bring many residues of one chain near to residues of
// another in the same order. They are found among the superpositions of all pairs of stretches of equal length.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// At most `n_seeds` motions of `mobile` onto `target`, best first, no two nearly the same. `scale` (Å) is the distance
// at which a pair of residues counts half. Chains must not be empty.
//
// 1. Superposes every stretch of one chain on every stretch of the other, for lengths 8, 32 and that of the shorter
// chain, with running sums along the diagonals. For long chains some stretches are skipped, but every pair of residues
// is in some superposition. The score of a motion counts the residues whose near neighbor follows that of the previous
// residue; a table returns neighbors in constant time.
//
// 2. Improves the best motions, at most one per half length of a stretch: superposes again on those near neighbors that
// form the heaviest chain in increasing order.
std::vector<RigidTransform> alignment_seeds(std::span<const Vec3> mobile, std::span<const Vec3> target, double scale,
                                            std::size_t n_seeds);

}  // namespace flashrna
