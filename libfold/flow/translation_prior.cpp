#include "libfold/flow/translation_prior.h"

#include <ATen/ATen.h>

namespace flashrna {

using at::Tensor;

Tensor TranslationPrior::centered(const Tensor& noise) const {
  if (!chain_) return (noise - noise.mean(-2, /*keepdim=*/true)) * sigma_;
  const Tensor drawn = chain_->spread(chain_->draw(noise));
  return drawn - drawn.mean(-2, /*keepdim=*/true);
}

Tensor TranslationPrior::around(const Tensor& noise, const Tensor& x, const Tensor& given) const {
  if (chain_) return chain_->spread(chain_->bridge(noise, x, given), given);
  return at::where(given.unsqueeze(1), x, noise * sigma_);
}

Tensor noise_for_datum(const Tensor& noise, int64_t length, const TranslationPrior& prior, bool padded) {
  if (padded) return prior.centered(noise);
  return at::constant_pad_nd(prior.centered(noise.narrow(-2, 0, length)), {0, 0, 0, noise.size(-2) - length});
}

}  // namespace flashrna
