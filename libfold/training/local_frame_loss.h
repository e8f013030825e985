// Error of each residue's environment in its local frame. Needs no superposition; linear in length. This environment
// determines whether two residues form a base pair.
#pragma once

#include <ATen/ATen.h>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// For each residue i where `counted` [B, L] is true: its 20 nearest residues j in the truth and its base-pair partner.
// Mean over their atoms C4', C1', N9/N1 and P of the distance, at most 8 Å, from T_i^-1 x_j to T̂_i^-1 x̂_j, where T_i is
// the frame of residue i and the hat marks the prediction. `atom_mask` [B, L, 13]: atoms present in the truth.
// `partner` [B, L] i64, negative if none. Returns [B], Å.
at::Tensor local_frame_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const at::Tensor& partner,
                            const at::Tensor& atom_mask, const at::Tensor& counted, const at::Tensor& lengths);

}  // namespace flashrna
