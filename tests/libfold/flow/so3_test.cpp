#include "libfold/flow/so3.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <numbers>

#include "libfold/random_streams.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

Tensor random_axes(int64_t n) {
  const Tensor axes = RandomStream(1, "axes").normal({n, 3});
  return axes / axes.square().sum(-1, true).sqrt();
}

class So3Angles : public testing::TestWithParam<double> {};

TEST_P(So3Angles, LogarithmUndoesTheExponential) {
  const Tensor vectors = random_axes(200) * GetParam();
  const Tensor rotations = so3_exp(vectors);
  expect_close("R R^T", at::matmul(rotations, rotations.transpose(1, 2)), at::eye(3, at::kDouble).expand({200, 3, 3}),
               1e-14);
  // A small angle loses only the rounding of the matrix, 1e-16.
  EXPECT_LE((so3_log(rotations) - vectors).abs().max().item<double>(), 1e-14);
  const Tensor f32 = so3_log(so3_exp(vectors.to(at::kFloat))).to(at::kDouble);
  EXPECT_LE((f32 - vectors).abs().max().item<double>(), 3e-6);
}

TEST_P(So3Angles, GradientOfTheLogarithmMatchesFiniteDifferences) {
  const Tensor rotations = so3_exp(random_axes(4) * GetParam());
  const Tensor weights = RandomStream(2, "weights").normal({4, 3});
  // Tangent derivative, along R exp([w]x).
  const auto f = [&](const Tensor& w) { return (so3_log(at::matmul(rotations, so3_exp(w))) * weights).sum(); };
  const double error = gradient_error(f, at::zeros({4, 3}, at::kDouble));
  fmt::print("  angle {}: {:.1e}\n", GetParam(), error);
  EXPECT_LE(error, 1e-7);
}

TEST_P(So3Angles, GradientOfTheExponentialMatchesFiniteDifferences) {
  const Tensor weights = RandomStream(3, "weights").normal({4, 3, 3});
  const auto f = [&](const Tensor& w) { return (so3_exp(w) * weights).sum(); };
  EXPECT_LE(gradient_error(f, random_axes(4) * GetParam()), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(FromZeroToPi, So3Angles,
                         testing::Values(0.0, 1e-12, 1e-8, 1e-5, 1.9e-4, 2.1e-4, 1e-2, 1.0, 2.0, 3.0,
                                         std::numbers::pi - 1e-2, std::numbers::pi - 1e-4));

TEST(So3, LogarithmOfTheIdentityHasTheLinearGradient) {
  Tensor rotation = at::eye(3, at::kDouble).requires_grad_();
  so3_log(rotation).select(-1, 2).backward();
  // d log / dR at the identity is vee((dR - dR^T) / 2).
  const Tensor expected = at::tensor({0.0, -0.5, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0}).view({3, 3}).to(at::kDouble);
  expect_close("gradient", rotation.grad(), expected, 1e-15);
}

TEST(So3, HalfTurnsHaveLengthPiAndFiniteGradients) {
  const Tensor axes = at::cat({random_axes(50), at::eye(3, at::kDouble)});
  Tensor rotations = (2 * axes.unsqueeze(2) * axes.unsqueeze(1) - at::eye(3, at::kDouble)).requires_grad_();
  for (const bool truncated : {false, true}) {
    const Tensor logarithm = truncated ? so3_log_truncated(rotations) : so3_log(rotations);
    expect_close("length", logarithm.square().sum(-1).sqrt(), at::full({53}, std::numbers::pi, at::kDouble), 1e-12);
    expect_close("axis", (logarithm * axes).sum(-1).abs(), at::full({53}, std::numbers::pi, at::kDouble), 1e-12);
    rotations.mutable_grad() = Tensor();
    logarithm.sum().backward();
    EXPECT_TRUE(rotations.grad().isfinite().all().item<bool>());
  }
}

TEST(So3, PublishedLogarithmEqualsOursAwayFromPi) {
  const Tensor vectors = random_axes(100) * RandomStream(4, "angles").uniform({100, 1}) * 3.13;
  const Tensor rotations = so3_exp(vectors);
  expect_close("logarithm", so3_log_truncated(rotations), so3_log(rotations), 1e-12);
}

TEST(So3, GeodesicsRunAtConstantSpeedBetweenTheirEnds) {
  const Tensor from = so3_exp(random_axes(40) * 2.5), to = so3_exp(random_axes(40).flip(0) * 1.5);
  const Tensor whole = rotation_between(from, to);
  for (const double fraction : {0.0, 0.25, 1.0}) {
    const Tensor at_fraction = geodesic(from, to, at::full({1}, fraction, at::kDouble));
    EXPECT_LE((rotation_between(from, at_fraction) - whole * fraction).abs().max().item<double>(), 1e-13);
  }
  expect_close("end", geodesic(from, to, at::ones({1}, at::kDouble)), to, 1e-14);
}

}  // namespace
}  // namespace flashrna
