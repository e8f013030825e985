#include "libfold/rigid.h"

namespace flashrna {

using at::Tensor;

Frames compose(const Frames& first, const Frames& second) {
  return {at::matmul(first.rotations, second.rotations),
          at::matmul(first.rotations, second.translations.unsqueeze(-1)).squeeze(-1) + first.translations};
}

Tensor rotation_from_columns(const Tensor& matrix) {
  const auto unit = [](const Tensor& v) { return v / (v.square().sum(-1, /*keepdim=*/true) + 1e-8).sqrt(); };
  const Tensor x = unit(matrix.select(-1, 0)), second = matrix.select(-1, 1);
  const Tensor y = unit(second - (second * x).sum(-1, /*keepdim=*/true) * x);
  return at::stack({x, y, at::cross(x, y, -1)}, -1);
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
