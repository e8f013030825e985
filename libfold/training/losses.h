// The training losses of RNA-FrameFlow (arXiv:2406.13839): vector fields of translations and rotations, and, late in
// the path, atoms, pair distances and torsions. Masks of padding and of undefined torsions are honoured, and every
// denominator is the number of things summed. A loss that is not finite is left so: the trainer stops the run.
#pragma once

#include <ATen/ATen.h>

#include "libfold/batch.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/published_conventions.h"

namespace flashrna {

class Configuration;

struct LossConfig {
  double translation_weight = 2.0;
  double rotation_weight = 1.0;
  double auxiliary_weight = 1.0;
  double auxiliary_min_t = 0.25;  // auxiliary losses count only where t is above this
  double torsion_weight = 1.0;
  double atom_scale = 0.1;         // 1/Å, of the atom losses
  double translation_scale = 0.1;  // 1/Å
  double t_clip = 0.9;             // losses are divided by 1 - min(t, t_clip)
  // Atoms per residue in the atom losses: 3 = C3', C4', O4'; 6 = those and C1', O3', P; 10 = the 3 and C1', C5', O3',
  // P, OP1, OP2 and the base's nitrogen (N1 in the published list, which it never places); 13 = the whole backbone.
  // Atoms of an undefined torsion are left out.
  int atoms = 3;
  // Ours: the link O3'-P between bonded residues, which no published loss sees. Mean squared errors of the bond's
  // length (times atom_scale^2, growing like the atom losses) and of the cosines of C3'-O3'-P and O3'-P-O5'.
  double bond_weight = 0.0;
  double angle_weight = 0.0;
  // Ours: atoms of different residues that reach into each other (steric_overlap) per residue, times atom_scale^2,
  // growing like the atom losses.
  double clash_weight = 0.0;

  void add_options(Configuration& configuration);  // section [losses]
  void validate() const;                           // throws UsageError naming the key
};

// Every term [B], weighted as it enters the sum; `total` a scalar: the mean over the batch.
struct Losses {
  at::Tensor total;                       // mean of se3 + auxiliary
  at::Tensor translation, rotation, se3;  // se3 = translation + rotation
  at::Tensor atoms, distances, torsions;
  at::Tensor bonds, angles, clashes;  // zero where their weight is
  at::Tensor auxiliary;               // the sum of the six where t > auxiliary_min_t, times its weight

  // Of chain `b` alone: every term [1].
  Losses of_chain(int64_t b) const;
};

// Links whose bond the data has: residue i + 1 follows i without a gap, both atoms are placed by defined torsions, and
// the truth's rebuilt O3'-P is at most 2.5 Å. [B, L - 1] bool.
at::Tensor bonded_links(const Batch& truth);

// In the dtype and on the device of the prediction (f32 or f64); memory linear in length.
Losses compute_losses(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& prediction,
                      const LossConfig& config, const PublishedConventions& published);

}  // namespace flashrna
