// Corrects a sampled backbone: removes overlaps of atoms and wrong lengths and angles of links O3'-P by small changes
// of frames and torsions.
#pragma once

#include <functional>

#include "libfold/nn/flow_model.h"

namespace flashrna {

struct RelaxationOptions {
  int rounds = 0;
  double step = 0.02;  // of Adam, Å and radians
  at::Tensor partner;  // [B, L] i64: base pairs to make canonical (pair_energy.h), negative without; undefined: none
};

// `rounds` steps of Adam (Kingma & Ba 2015, arXiv:1412.6980) down the sum of overlaps
// (libfold/backbone/steric_overlap.h), errors of the links (libfold/backbone/link_geometry.h) and a pull back to where
// everything was, and the energy of asked base pairs. Residues i and i + 1 are bonded. Each step moves a residue by at
// most about `step` Å along each axis and turns frame and torsions by about `step` rad. A chain does not depend on its
// batch but for rounding, which Adam enlarges where the gradient is nearly zero. `lengths` [B] i64; the padding stays
// as it is. `keep_going` (may be empty) is asked before each round; false ends them.
FlowModelOutput relaxed(const FlowModelOutput& backbone, const at::Tensor& lengths, const RelaxationOptions& options,
                        const std::function<bool()>& keep_going = {});

}  // namespace flashrna
