// Moves residues whose atoms overlap (steric_overlap.h) apart as rigid bodies.
#pragma once

#include "libfold/backbone/steric_overlap.h"

namespace flashrna {

// `rounds` small steps along the negative gradient of steric_overlap. rotations [B, L, 3, 3], translations [B, L, 3] Å,
// torsions [B, L, T, 2], all taken as defined. Residues in `fixed` [B, L] bool (may be undefined) keep their place.
// Returns the new translations. On a GPU two launches a round, the search of neighbors and the move.
at::Tensor moved_apart(const at::Tensor& rotations, const at::Tensor& translations, const at::Tensor& torsions,
                       const at::Tensor& residue_index, const at::Tensor& lengths, int rounds,
                       const at::Tensor& fixed = {}, const StericOptions& options = {});

// The definition by tensor operations and autograd.
at::Tensor moved_apart_by_autograd(const at::Tensor& rotations, const at::Tensor& translations,
                                   const at::Tensor& torsions, const at::Tensor& residue_index,
                                   const at::Tensor& lengths, int rounds, const at::Tensor& fixed = {},
                                   const StericOptions& options = {});

}  // namespace flashrna
