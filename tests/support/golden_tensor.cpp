#include "tests/support/golden_tensor.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace flashrna {

using at::Tensor;

Tensor golden_tensor(const GoldenFile& file, const std::string& path) {
  std::vector<double> values = file.read(path);
  const std::vector<std::int64_t> shape = file.shape(path);
  return at::from_blob(values.data(), shape, at::kDouble).clone();
}

double relative_error(const Tensor& got, const Tensor& expected) {
  if (expected.numel() == 0) return 0.0;
  const Tensor difference = (got.detach().to(at::kDouble) - expected.detach().to(at::kDouble)).abs();
  const double scale = expected.detach().abs().max().item<double>();
  const double error = difference.max().item<double>() / (scale > 0 ? scale : 1.0);
  return error >= 0 ? error : std::numeric_limits<double>::infinity();
}

void expect_close(const std::string& name, const Tensor& got, const Tensor& expected, double allowed) {
  ASSERT_EQ(got.sizes(), expected.sizes()) << name;
  const double error = relative_error(got, expected);
  fmt::print("  {}: {:.1e} (allowed {:.1e})\n", name, error, allowed);
  if (error <= allowed) return;
  const Tensor difference = (got.detach().to(at::kDouble) - expected.detach().to(at::kDouble)).abs().flatten();
  const int64_t worst = difference.argmax().item<int64_t>();
  ADD_FAILURE() << name << ": relative error " << error << ", allowed " << allowed << "; at flat index " << worst
                << " of shape " << expected.sizes() << " got " << got.detach().flatten()[worst].item<double>()
                << ", expected " << expected.detach().flatten()[worst].item<double>();
}

Tensor tangent_gradient(const Tensor& rotations, const Tensor& gradient) {
  // d/dw_k of R exp([w]x) is R [e_k]x, so component k is <gradient, R [e_k]x> = the axial vector of R^T G.
  const Tensor local = at::matmul(rotations.detach().transpose(-1, -2), gradient);
  const auto axial = [&](int64_t i, int64_t j) {
    return local.select(-2, i).select(-1, j) - local.select(-2, j).select(-1, i);
  };
  return at::stack({axial(2, 1), axial(0, 2), axial(1, 0)}, -1);
}

}  // namespace flashrna
