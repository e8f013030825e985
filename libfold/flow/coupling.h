// Minibatch optimal transport of translations: assigns to every datum a noise sample, rotated onto it, such that the
// summed distance over the batch is minimal (RNA-FrameFlow, arXiv:2406.13839). Runs in f64 on the CPU.
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

// Proper rotations R that minimize |mobile R - target|^2 (Kabsch 1976) after centering both: [N, L, 3] onto [L, 3] ->
// [N, 3, 3].
at::Tensor kabsch_rotations(const at::Tensor& mobile, const at::Tensor& target);

// The permutation p that minimizes sum_i costs[i, p(i)]. costs [n, n] f64 on the CPU, finite. O(n^3).
std::vector<int64_t> minimum_cost_assignment(const at::Tensor& costs);

}  // namespace flashrna
