// Error of each residue's surroundings in its own frame: no superposition, linear in length. What decides whether a
// base pair is one.
#pragma once

#include <ATen/ATen.h>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// For each residue i that `counted` [B, L] names: its 20 nearest residues in the truth and its partner j; mean over
// their atoms C4', C1', N9/N1 and P of min(|T_i^-1 x_j - T̂_i^-1 x̂_j|, 8 Å). `atom_mask` [B, L, 13]: atoms that the
// truth has. `partner` [B, L] i64, negative where there is none. Returns [B], Å.
at::Tensor local_frame_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const at::Tensor& partner,
                            const at::Tensor& atom_mask, const at::Tensor& counted, const at::Tensor& lengths);

}  // namespace flashrna
