#include "libfold/flow/translation_prior.h"

#include <ATen/ATen.h>

namespace flashrna {

using at::Tensor;

Tensor TranslationPrior::centered(const Tensor& noise, const Tensor& centers) const {
  if (!chain_) return (noise - noise.mean(-2, /*keepdim=*/true)) * sigma_;
  const Tensor drawn = chain_->draw(noise, centers);
  return drawn - drawn.mean(-2, /*keepdim=*/true);
}

Tensor TranslationPrior::around(const Tensor& noise, const Tensor& x, const Tensor& given) const {
  if (chain_) return chain_->bridge(noise, x, given);
  return at::where(given.unsqueeze(1), x, noise * sigma_);
}

Tensor noise_for_datum(const Tensor& noise, int64_t length, const TranslationPrior& prior, bool padded,
                       const Tensor& centers) {
  if (padded) return prior.centered(noise, centers);
  return at::constant_pad_nd(prior.centered(noise.narrow(-2, 0, length), centers), {0, 0, 0, noise.size(-2) - length});
}

}  // namespace flashrna
