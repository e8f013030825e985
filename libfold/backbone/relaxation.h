// Corrects a sampled backbone: removes overlaps of atoms and wrong lengths and angles of the links between residues by
// small changes of frames and torsions.
#pragma once

#include <functional>

#include "libfold/nn/flow_model.h"
#include "libfold/symmetric_copies.h"

namespace flashrna {

struct RelaxationOptions {
  Polymer polymer = Polymer::kRna;
  int rounds = 0;
  double step = 0.02;  // step size of Adam, Å and radians
  // [B, L] i64: requested base pairs (pair_energy.h), mutual, negative if unpaired; undefined: none.
  at::Tensor partner;
  at::Tensor residue_index;  // [B, L] i64: i and i + 1 are bonded where it rises by 1; undefined: everywhere
  at::Tensor fixed;          // [B, L] bool: residues that do not change; undefined: none
  // If set, the backbone is the unit of these copies: overlaps and requested pairs between copies count, and the copies
  // of a residue move together. `partner` is then as in SymmetricCopies::partner.
  const SymmetricCopies* copies = nullptr;
};

// Runs `rounds` steps of Adam (Kingma & Ba 2015, arXiv:1412.6980) on the sum of overlaps
// (libfold/backbone/steric_overlap.h), errors of links (libfold/backbone/link_geometry.h) and of rings
// (PolymerBackbone::ring_distances), a restraint to the original positions, and the energy of requested base pairs.
// Each step moves a residue by at most about `step` Å along each axis and turns frames and torsions by about `step`
// rad. The result does not depend on the batch except for rounding, which Adam amplifies where the gradient is nearly
// zero. `lengths` [B] i64; padding is unchanged. Calls `keep_going` (may be empty) before each round and stops if it
// returns false.
FlowModelOutput relaxed(const FlowModelOutput& backbone, const at::Tensor& lengths, const RelaxationOptions& options,
                        const std::function<bool()>& keep_going = {});

// The definition: tensor operations, autograd and torch::optim::Adam. `relaxed` computes the same by hand-written
// gradients, one residue at a time (relaxation_rounds.h).
FlowModelOutput relaxed_by_autograd(const FlowModelOutput& backbone, const at::Tensor& lengths,
                                    const RelaxationOptions& options, const std::function<bool()>& keep_going = {});

}  // namespace flashrna
