// The last correction of a sampled backbone: what a model leaves of overlapping atoms and of links O3'-P of wrong
// length or angle goes away by small moves of frames and torsions.
#pragma once

#include <functional>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// `rounds` steps of Adam (Kingma & Ba 2015, arXiv:1412.6980) down the sum of overlaps
// (libfold/backbone/steric_overlap.h), errors of the links (libfold/backbone/link_geometry.h) and a pull back to where
// everything was. Residues i and i + 1 are bonded. Each step moves a residue by at most some 0.02 Å along each axis and
// turns frame and torsions by some 0.02 rad. A chain does not depend on its batch but for rounding, which Adam enlarges
// where the gradient is nearly zero. `lengths` [B] i64; the padding stays as it is. `keep_going` (may be empty) is asked
// before each round; false ends them.
FlowModelOutput relaxed(const FlowModelOutput& backbone, const at::Tensor& lengths, int rounds,
                        const std::function<bool()>& keep_going = {});

}  // namespace flashrna
