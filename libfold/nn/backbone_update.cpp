#include "libfold/nn/backbone_update.h"

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

BackboneUpdateImpl::BackboneUpdateImpl(int64_t node_channels) {
  linear = register_module("linear", Linear(node_channels, 6));
}

// The published code multiplies quaternions, q' ~ q (1, b, c, d). In matrices this is R' = R R(1, b, c, d), which does
// not need the quaternion of R (an eigenvector whose gradient is undefined for data frames).
Frames BackboneUpdateImpl::forward(const Tensor& single, const Frames& frames, const Tensor& mask) {
  const ScopedAutocast frames_in_full(single.device(), false);
  const Tensor update = linear(single) * mask.unsqueeze(2);
  const Tensor quaternion = at::constant_pad_nd(update.narrow(2, 0, 3), {1, 0}, 1.0);  // (1, b, c, d)
  return compose(frames, {rotation_from_quaternion(quaternion), update.narrow(2, 3, 3)});
}

}  // namespace flashrna
