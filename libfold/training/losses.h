// The training losses of RNA-FrameFlow (arXiv:2406.13839): vector fields of translations and rotations, and, late in
// the path, atoms, pair distances and torsions. Masks of padding and of undefined torsions are honoured, and every
// denominator is the number of things summed. A loss that is not finite is left so: the trainer stops the run.
#pragma once

#include <ATen/ATen.h>

#include "libfold/batch.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/published_conventions.h"
#include "libfold/training/loss_config.h"

namespace flashrna {

// Every term [B], weighted as it enters the sum; `total` a scalar: the mean over the batch.
struct Losses {
  at::Tensor total;                       // mean of se3 + auxiliary
  at::Tensor translation, rotation, se3;  // se3 = translation + rotation
  at::Tensor atoms, distances, torsions;
  at::Tensor bonds, angles, clashes;  // zero where their weight is
  at::Tensor local;                   // zero where its weight is
  at::Tensor letters;                 // zero where its weight is and where t <= 0.5
  // The sum of atoms to local where t > auxiliary_min_t, times its weight, and letters.
  at::Tensor auxiliary;

  // Of chain `b` alone: every term [1].
  Losses of_chain(int64_t b) const;
};

// Links whose bond the data has: residue i + 1 follows i without a gap, both atoms are placed by defined torsions, and
// the truth's rebuilt O3'-P is at most 2.5 Å. [B, L - 1] bool.
at::Tensor bonded_links(const Batch& truth);

// Residues that noisy.told fixes are the truth's whatever was predicted: they count in what lies between residues only.
// In the dtype and on the device of the prediction (f32 or f64); memory linear in length.
Losses compute_losses(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& prediction,
                      const LossConfig& config, const PublishedConventions& published);

}  // namespace flashrna
