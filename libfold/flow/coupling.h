// Minibatch optimal transport: assigns to every datum a noise sample such that a cost, summed over the batch, is
// minimal. Of translations, with each noise rotated onto its datum (RNA-FrameFlow, arXiv:2406.13839), or of frames
// (FoldFlow-OT, arXiv:2310.02391). Between equal numbers of equal weights the optimal transport plan is a permutation,
// which is applied as a whole; the published code of FoldFlow draws a row of the plan instead. Runs in f64 on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "libfold/flow/translation_prior.h"

namespace flashrna {

struct CouplingConventions {
  bool padded = false;   // include padding in the centering of noise and in the cost
  bool inverse = false;  // the published error: datum j gets the noise assigned to the datum of noise j
};

struct Coupling {
  at::Tensor noise;                     // [B, L, 3] Å, by datum: scaled, centered and rotated onto it
  at::Tensor rotations;                 // [B, B, 3, 3]; row vectors of noise i times rotations[i, j] match datum j
  at::Tensor costs;                     // [B, B] Å, noise i to datum j: mean distance per residue
  std::vector<int64_t> datum_of_noise;  // the optimal permutation
};

// `noise` [B, L, 3] standard normal, `data` [B, L, 3] Å, centered, zero in padding; both f64 on the CPU. `lengths` [B]
// i64. `priors` [B]: for datum j, noise is truncated to its length, shaped by priors[j] and centered.
// Memory O(B L).
Coupling couple(const at::Tensor& noise, const at::Tensor& data, const at::Tensor& lengths,
                const std::vector<TranslationPrior>& priors, const CouplingConventions& conventions = {});

struct FrameCoupling {
  at::Tensor translations;              // [B, L, 3] Å, by datum: scaled and centered
  at::Tensor rotations;                 // [B, L, 3, 3], by datum
  at::Tensor costs;                     // [B, B], noise i to datum j
  std::vector<int64_t> datum_of_noise;  // the optimal permutation
};

// The same for frames on SE(3)^L: costs[i, j] is the sum over the residues of datum j of |x_i - y_j|^2 / unit^2 + w^2,
// where w is the angle (radians) between the rotations and `unit` is in Å. rotations [B, L, 3, 3] f64.
FrameCoupling couple_frames(const at::Tensor& noise, const at::Tensor& noise_rotations, const at::Tensor& data,
                            const at::Tensor& data_rotations, const at::Tensor& lengths,
                            const std::vector<TranslationPrior>& priors, double unit);

// Proper rotations R that minimize |mobile R - target|^2 (Kabsch 1976) after centering both: [N, L, 3] onto [L, 3] ->
// [N, 3, 3].
at::Tensor kabsch_rotations(const at::Tensor& mobile, const at::Tensor& target);

// The permutation p that minimizes sum_i costs[i, p(i)]. costs [n, n] f64 on the CPU, finite. O(n^3).
std::vector<int64_t> minimum_cost_assignment(const at::Tensor& costs);

}  // namespace flashrna
