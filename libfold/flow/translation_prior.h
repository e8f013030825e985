// How standard normal noise becomes the start of one sample's translations: one width for every residue, or a chain.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "libfold/flow/chain_prior.h"

namespace flashrna {

class TranslationPrior {
 public:
  // Independent residues; sigma in Å per coordinate.
  TranslationPrior(double sigma) : sigma_(sigma) {}  // NOLINT: a width is a prior
  explicit TranslationPrior(ChainLayout layout) : chain_(std::move(layout)) {}

  // Standard normal noise [..., n, 3] -> Å, centered over its n rows.
  at::Tensor centered(const at::Tensor& noise) const;
  // noise [n, 3] -> Å, where the rows of `x` [n, 3] that `given` [n] bool names are kept, and the others are drawn
  // about them; the origin is the mean of the whole, which nothing centers.
  at::Tensor around(const at::Tensor& noise, const at::Tensor& x, const at::Tensor& given) const;

 private:
  double sigma_ = 0.0;
  std::optional<ChainPrior> chain_;
};

// Noise as it meets a datum: [..., L, 3] -> the same, cut to `length`, shaped, centered there; with `padded` centered
// over all L and not cut.
at::Tensor noise_for_datum(const at::Tensor& noise, int64_t length, const TranslationPrior& prior, bool padded);

}  // namespace flashrna
