// The training losses of RNA-FrameFlow (arXiv:2406.13839): vector fields of translations and rotations and, late in the
// path, atoms, pair distances and torsions. LossConfig turns them into those of FoldFlow (arXiv:2310.02391). Padding
// and undefined torsions are masked, and every denominator is the number of summed terms. Non-finite losses are
// returned unchanged; the trainer then stops the run.
#pragma once

#include <ATen/ATen.h>

#include <array>

#include "libfold/batch.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/published_conventions.h"
#include "libfold/training/loss_config.h"

namespace flashrna {

// Every term [B], multiplied by its weight. `total` is a scalar, the mean over the batch.
struct Losses {
  at::Tensor total;                       // mean of se3 + auxiliary
  at::Tensor translation, rotation, se3;  // se3 = translation + rotation
  at::Tensor atoms, distances, torsions;
  at::Tensor bonds, angles, clashes;  // zero if their weight is zero
  at::Tensor link_torsions;           // zero if its weight is zero
  at::Tensor local, pairs;            // zero if their weight is zero
  at::Tensor letters;                 // zero if its weight is zero or t <= 0.5
  // The sum of the terms marked kLate in kLossTerms where t > auxiliary_min_t, times its weight, plus `letters`.
  at::Tensor auxiliary;

  // Losses of chain `b` only: every term [1].
  Losses of_chain(int64_t b) const;
};

enum class LossPhase { kAlways, kLate };

struct LossTerm {
  const char* name;            // column of metrics.csv, TensorBoard and `flashrna train --json`
  at::Tensor Losses::*member;  // [B]
  LossPhase phase;             // kLate: part of the auxiliary sum, which counts late in the path
};

// Every reported term in the order of the columns. All code that lists terms goes through this table.
inline constexpr std::array kLossTerms = {
    LossTerm{"translation", &Losses::translation, LossPhase::kAlways},
    LossTerm{"rotation", &Losses::rotation, LossPhase::kAlways},
    LossTerm{"auxiliary", &Losses::auxiliary, LossPhase::kAlways},
    LossTerm{"atoms", &Losses::atoms, LossPhase::kLate},
    LossTerm{"distances", &Losses::distances, LossPhase::kLate},
    LossTerm{"torsions", &Losses::torsions, LossPhase::kLate},
    LossTerm{"bonds", &Losses::bonds, LossPhase::kLate},
    LossTerm{"angles", &Losses::angles, LossPhase::kLate},
    LossTerm{"link_torsions", &Losses::link_torsions, LossPhase::kLate},
    LossTerm{"clashes", &Losses::clashes, LossPhase::kLate},
    LossTerm{"local", &Losses::local, LossPhase::kLate},
    LossTerm{"pairs", &Losses::pairs, LossPhase::kLate},
    LossTerm{"letters", &Losses::letters, LossPhase::kAlways},
};

// Links that are bonded in the data: residue i + 1 follows i without a gap, defined torsions place both atoms, and
// their rebuilt distance in the truth is at most BackboneLink::longest. [B, L - 1] bool.
at::Tensor bonded_links(const Batch& truth);

// If the network predicts a distribution over conformers, `torsions` is conformer_loss.h, and the other terms use the
// conformer nearest to the truth. Residues fixed by noisy.conditioning get the coordinates of the truth instead of the
// prediction; they contribute only to terms between residues. Computed in the dtype and on the device of the prediction
// (f32 or f64); memory linear in length.
Losses compute_losses(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& prediction,
                      const LossConfig& config, const PublishedConventions& published);

}  // namespace flashrna
