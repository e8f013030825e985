#include "libfold/rigid.h"

namespace flashrna {

using at::Tensor;

Frames compose(const Frames& first, const Frames& second) {
  return {at::matmul(first.rotations, second.rotations),
          at::matmul(first.rotations, second.translations.unsqueeze(-1)).squeeze(-1) + first.translations};
}

Tensor rotation_from_quaternion(const Tensor& quaternion) {
  const Tensor unit = quaternion / quaternion.square().sum(-1, /*keepdim=*/true).sqrt();
  const auto parts = unit.unbind(-1);
  const Tensor &w = parts[0], &x = parts[1], &y = parts[2], &z = parts[3];
  const Tensor rows = at::stack({w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),
                                 2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
                                 2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
                                -1);
  return rows.unflatten(-1, {3, 3});
}

}  // namespace flashrna
