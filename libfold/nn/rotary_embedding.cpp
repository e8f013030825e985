#include "libfold/nn/rotary_embedding.h"

#include <cmath>

#include "libfold/device_constants.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kRotaryBase = 1000.0;

// [half], f64 on the device of `like`.
const Tensor& frequencies(int64_t half, const Tensor& like) {
  static DeviceConstants<int64_t, Tensor> constants;
  return constants.get(half, like, [&](const at::TensorOptions& options) {
    const Tensor k = at::arange(half, options.dtype(at::kDouble));
    return at::exp(k * (-std::log(kRotaryBase) / static_cast<double>(half)));
  });
}

}  // namespace

RotaryAngles rotary_angles(const Tensor& residue_index, int64_t width, at::ScalarType dtype) {
  const int64_t half = width / 2;
  const Tensor relative = (residue_index - residue_index.narrow(1, 0, 1)).to(at::kDouble);
  const Tensor angle = relative.unsqueeze(2) * frequencies(half, residue_index);  // [B, L, half]
  const Tensor cosine = angle.cos(), sine = angle.sin();
  return {at::cat({cosine, cosine}, 2).to(dtype), at::cat({-sine, sine}, 2).to(dtype)};
}

// (a, b) -> (a cos - b sin, b cos + a sin)
Tensor rotate_by(const RotaryAngles& angles, const Tensor& x, bool heads_first) {
  const int64_t half = x.size(3) / 2, heads = heads_first ? 1 : 2;
  const Tensor swapped = at::cat({x.narrow(3, half, half), x.narrow(3, 0, half)}, 3);
  return (x * angles.cosines.unsqueeze(heads) + swapped * angles.sines.unsqueeze(heads)).to(x.scalar_type());
}

}  // namespace flashrna
