// Maps standard normal noise to the initial translations of one sample: one width for every residue, or a chain.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "libfold/flow/chain_prior.h"

namespace flashrna {

class TranslationPrior {
 public:
  // Independent residues; sigma in Å per coordinate.
  TranslationPrior(double sigma) : sigma_(sigma) {}  // NOLINT: implicit, because a width defines a prior
  TranslationPrior(ChainLayout layout, const SizeLaw& law) : chain_(std::in_place, std::move(layout), law) {}

  // Standard normal noise [..., n, 3] -> Å, centered over its n rows. Several molecules lie apart in a chain prior.
  at::Tensor centered(const at::Tensor& noise) const;
  // noise [n, 3] -> Å. Rows of `x` [n, 3] where `given` [n] bool is true are kept; the others are drawn conditionally
  // on them. The mean of the prior is the origin; the result is not centered.
  at::Tensor around(const at::Tensor& noise, const at::Tensor& x, const at::Tensor& given) const;

 private:
  double sigma_ = 0.0;
  std::optional<ChainPrior> chain_;
};

// Noise for one datum: [..., L, 3] -> the same, truncated to `length`, shaped and centered. With `padded`, centered
// over all L and not truncated.
at::Tensor noise_for_datum(const at::Tensor& noise, int64_t length, const TranslationPrior& prior, bool padded);

}  // namespace flashrna
