// Where a structural alignment starts: rigid motions that bring many residues of one chain near to residues of another
// in the same order, found among the superpositions of all pairs of equally long stretches.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// At most `n_seeds` motions of `mobile` onto `target`, the most promising first, no two nearly the same. `scale` (Å) is
// the distance at which a pair of residues counts half. Chains must not be empty.
//
// 1. Every stretch of 8, of 32, and of as many residues as the shorter chain has, of one chain is superposed on every
//    one of the other, from running sums along the diagonals. Of long chains some are left out, but every pair of
//    residues is in some superposition. A motion is worth the residues with a near neighbor that goes on from the
//    neighbor before; a table knows neighbors at once.
// 2. The best of them, at most one for each half length of a stretch, are improved: superposed anew on their near
//    neighbors, of these the heaviest chain that keeps the order.
std::vector<RigidTransform> alignment_seeds(std::span<const Vec3> mobile, std::span<const Vec3> target, double scale,
                                            std::size_t n_seeds);

}  // namespace flashrna
