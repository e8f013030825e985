#include "libfold/nn/index_embedding.h"

#include <cmath>
#include <numbers>

namespace flashrna {

using at::Tensor;

namespace {
constexpr double kMaxPositions = 2056.0;  // published: sets the longest period, 3,646 residues at the default width
}

Tensor index_embedding(const Tensor& n, int64_t width, at::ScalarType dtype) {
  const auto options = n.options().dtype(at::kDouble);
  const Tensor k = at::arange(width / 2, options);
  const Tensor period = at::pow(at::full({}, kMaxPositions, options), 2.0 * k / static_cast<double>(width));
  const Tensor angle = n.to(at::kDouble).unsqueeze(-1) * std::numbers::pi / period;
  return at::cat({angle.sin(), angle.cos()}, -1).to(dtype);
}

Tensor time_embedding(const Tensor& t, int64_t width, at::ScalarType dtype) {
  const int64_t half = width / 2;
  const Tensor k = at::arange(half, t.options().dtype(at::kDouble));
  const Tensor frequency = at::exp(k * (-std::log(kMaxPositions) / static_cast<double>(half - 1)));
  const Tensor angle = t.to(at::kDouble).unsqueeze(-1) * kMaxPositions * frequency;
  Tensor embedding = at::cat({angle.sin(), angle.cos()}, -1);
  if (width % 2 == 1) embedding = at::constant_pad_nd(embedding, {0, 1});
  return embedding.to(dtype);
}

}  // namespace flashrna
