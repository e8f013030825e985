// Loss of a predicted distribution over conformers: the energy score (Gneiting & Raftery 2007,
// doi:10.1198/016214506000001437) of the distribution with probability p_k at conformer x_k, for the true conformer y:
//   sum_k p_k |x_k - y|  -  1/2 sum_kl p_k p_l |x_k - x_l|
// Its expectation is least for the distribution that y is drawn from, where the mean of conformers is least for a
// squared error. The distance |x - y| is a sum of two: the root mean square over all torsions of the residue together,
// so that torsions that change together in the data do so in samples; and the mean of the torsions' own distances, so
// that a torsion with two separate values, such as delta in the two puckers of the ribose, keeps both where the others
// vary.
#pragma once

#include "libfold/nn/torsion_head.h"

namespace flashrna {

// `truth` [B, L, n, 2] (sin, cos), `counted` [B, L, n] bool: torsions that are compared. The mean of the score over the
// residues with any counted torsion, 0 without one: [B].
at::Tensor conformer_loss(const Conformers& conformers, const at::Tensor& truth, const at::Tensor& counted);

// The conformer of each residue at the least distance from the truth: [B, L] i64.
at::Tensor nearest_conformer(const Conformers& conformers, const at::Tensor& truth, const at::Tensor& counted);

}  // namespace flashrna
