// Minibatch optimal transport of translations: every datum gets the noise, rotated onto it, that makes the summed
// distance over the batch smallest (RNA-FrameFlow, arXiv:2406.13839). Runs in f64 on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "libfold/flow/translation_prior.h"

namespace flashrna {

struct CouplingConventions {
  bool padded = false;   // padding counts: noise is centred over it and its distances enter the cost
  bool inverse = false;  // the published error: datum j gets the noise that belongs to the datum of noise j
};

struct Coupling {
  at::Tensor noise;                     // [B, L, 3] Å, for each datum: scaled, centred, rotated onto it
  at::Tensor rotations;                 // [B, B, 3, 3], noise i as row vectors times rotations[i, j] lies on datum j
  at::Tensor costs;                     // [B, B] Å, noise i to datum j: mean distance per residue
  std::vector<int64_t> datum_of_noise;  // the optimal permutation
};

// `noise` [B, L, 3] standard normal, `data` [B, L, 3] Å and centred, zero in padding, both f64 on the CPU; `lengths`
// [B] i64; `priors` [B]: noise meets datum j cut to its length, as priors[j] shapes it, and centred. Memory O(B L).
Coupling couple(const at::Tensor& noise, const at::Tensor& data, const at::Tensor& lengths,
                const std::vector<TranslationPrior>& priors, const CouplingConventions& conventions = {});

// Rotations R without reflection that make |mobile R - target| smallest (Kabsch 1976), both centred first:
// [N, L, 3] onto [L, 3] -> [N, 3, 3].
at::Tensor kabsch_rotations(const at::Tensor& mobile, const at::Tensor& target);

// The permutation p that makes sum_i costs[i, p(i)] smallest. costs [n, n] f64 on the CPU, finite. O(n^3).
std::vector<int64_t> minimum_cost_assignment(const at::Tensor& costs);

}  // namespace flashrna
