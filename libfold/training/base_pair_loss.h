// Loss on the geometry that defines a base pair: the four distances from C1' and N (N9 of purines, N1 of pyrimidines)
// of a residue to C1' and N of its partner. C1'-C1' and N-N give the width of the pair, the other two the angles of
// C1'->N with C1'-C1'. Errors of orientation widen a pair on average; this loss has no such bias.
#pragma once

#include <ATen/ATen.h>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// Sum over the four distances of e^2 if the error e is below 1 Å, else 2 e - 1, so that a pair that is not formed does
// not outweigh those whose geometry is nearly right. Mean over the paired residues of each chain: [B], Å^2; 0 without
// pairs.
// partner [B, L] i64 as in Batch; counted [B, L] bool: pairs of which neither residue is counted are excluded.
at::Tensor base_pair_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const at::Tensor& partner,
                          const at::Tensor& counted);

}  // namespace flashrna
