#include "libfold/nn/index_embedding.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "libfold/device_constants.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kMaxPositions = 2056.0;     // published
constexpr double kLongestPeriod = 40'000.0;  // residues: twice the longest structure, for distinct cosines

// [width / 2] residues, f64 on the device of `like`.
const Tensor& index_periods(int64_t width, const Tensor& like, bool short_periods) {
  static DeviceConstants<std::pair<int64_t, bool>, Tensor> constants;
  return constants.get({width, short_periods}, like, [&](const at::TensorOptions& of_like) {
    const auto options = of_like.dtype(at::kDouble);
    const auto n = static_cast<double>(width / 2);
    const double base = short_periods ? kMaxPositions : kLongestPeriod / 2;
    const double steps = short_periods ? n : std::max(n - 1, 1.0);
    return 2 * at::pow(at::full({}, base, options), at::arange(width / 2, options) / steps);
  });
}

// [width / 2], f64 on the device of `like`.
const Tensor& time_frequencies(int64_t width, const Tensor& like) {
  static DeviceConstants<int64_t, Tensor> constants;
  return constants.get(width, like, [&](const at::TensorOptions& options) {
    const int64_t half = width / 2;
    const Tensor k = at::arange(half, options.dtype(at::kDouble));
    return at::exp(k * (-std::log(kMaxPositions) / static_cast<double>(half - 1)));
  });
}

}  // namespace

Tensor index_embedding(const Tensor& n, int64_t width, at::ScalarType dtype, bool short_periods) {
  const Tensor& periods = index_periods(width, n, short_periods);
  const Tensor angle = n.to(at::kDouble).unsqueeze(-1) * (2 * std::numbers::pi) / periods;
  return at::cat({angle.sin(), angle.cos()}, -1).to(dtype);
}

Tensor time_embedding(const Tensor& t, int64_t width, at::ScalarType dtype) {
  const Tensor angle = t.to(at::kDouble).unsqueeze(-1) * kMaxPositions * time_frequencies(width, t);
  Tensor embedding = at::cat({angle.sin(), angle.cos()}, -1);
  if (width % 2 == 1) embedding = at::constant_pad_nd(embedding, {0, 1});
  return embedding.to(dtype);
}

}  // namespace flashrna
