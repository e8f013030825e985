// Loss on the distances that define a base pair: C1'-C1' and N-N (N9 of purines, N1 of pyrimidines) of the pairs of the
// truth. Errors of orientation widen a pair on average; this loss has no such bias.
#pragma once

#include <ATen/ATen.h>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// Sum of the squared errors of both distances, mean over the paired residues of each chain: [B], Å^2; 0 without pairs.
// partner [B, L] i64 as in Batch; counted [B, L] bool: pairs of which neither residue is counted are excluded.
at::Tensor base_pair_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const at::Tensor& partner,
                          const at::Tensor& counted);

}  // namespace flashrna
