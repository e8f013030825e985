#include "libfold/rigid.h"

#include "libfold/device_constants.h"

namespace flashrna {

using at::Tensor;

namespace {

// The rotation of a unit quaternion (w, x, y, z) is linear in the products of its components: [16, 9].
Tensor rotation_coefficients() {
  enum { w, x, y, z };
  Tensor coefficients = at::zeros({4, 4, 9}, at::kDouble);
  auto at = coefficients.accessor<double, 3>();
  for (int axis = 0; axis < 3; ++axis) {
    const int entry = 4 * axis, own = x + axis;
    at[w][w][entry] = at[own][own][entry] = 1;
    for (int other = x; other <= z; ++other)
      if (other != own) at[other][other][entry] = -1;
  }
  const auto set = [&](int entry, int a, int b, int c, double sign) {  // 2 (a b + sign w c)
    at[a][b][entry] = 2;
    at[w][c][entry] = 2 * sign;
  };
  set(1, x, y, z, -1), set(2, x, z, y, 1), set(3, x, y, z, 1);
  set(5, y, z, x, -1), set(6, x, z, y, -1), set(7, y, z, x, 1);
  return coefficients.view({16, 9});
}

}  // namespace

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
  if (!unit.is_cpu()) {  // as one product: the operations below would start 50 kernels, and 100 in backward
    static DeviceConstants<int, Tensor> constants;
    const Tensor& coefficients =
        constants.get(0, unit, [](const at::TensorOptions& options) { return rotation_coefficients().to(options); });
    const Tensor products = (unit.unsqueeze(-1) * unit.unsqueeze(-2)).flatten(-2);  // [..., 16]
    return at::matmul(products, coefficients).unflatten(-1, {3, 3});
  }
  const auto parts = unit.unbind(-1);
  const Tensor &w = parts[0], &x = parts[1], &y = parts[2], &z = parts[3];
  const Tensor rows = at::stack({w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),
                                 2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
                                 2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
                                -1);
  return rows.unflatten(-1, {3, 3});
}

}  // namespace flashrna
