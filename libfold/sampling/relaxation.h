// The last correction of a sampled backbone: what a model leaves of overlapping atoms and of links O3'-P of wrong
// length or angle goes away by small moves of frames and torsions.
#pragma once

#include "libfold/nn/flow_model.h"

namespace flashrna {

// `rounds` steps of Adam (Kingma & Ba 2015, arXiv:1412.6980) down the sum of overlaps (libfold/steric_overlap.h),
// errors of the links (libfold/link_geometry.h) and a pull back to where everything was. Residues i and i + 1 are
// bonded. Each step moves a residue by at most some 0.02 Å along each axis and turns frame and torsions by some 0.02
// rad. Rounding apart, a chain does not depend on its batch. `lengths` [B] i64; the padding stays as it is.
FlowModelOutput relaxed(const FlowModelOutput& backbone, const at::Tensor& lengths, int rounds);

}  // namespace flashrna
