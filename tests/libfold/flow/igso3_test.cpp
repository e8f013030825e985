#include "libfold/flow/igso3.h"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "libfold/flow/so3.h"

namespace flashrna {
namespace {

using at::Tensor;

// Largest difference between the empirical distribution of `angles` and `cumulative` (Kolmogorov-Smirnov).
double ks_distance(const Tensor& angles, const std::function<double(double)>& cumulative) {
  const Tensor sorted = std::get<0>(angles.sort());
  const int64_t n = sorted.numel();
  double distance = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    const double expected = cumulative(sorted[i].item<double>());
    distance = std::max({distance, std::abs(expected - i / double(n)), std::abs(expected - (i + 1) / double(n))});
  }
  return distance;
}

constexpr int64_t kSamples = 20000;
const double kKsLimit = 1.95 / std::sqrt(double(kSamples));  // p = 0.001

TEST(Igso3, SampledAnglesFollowTheSeries) {
  for (const double sigma : {0.1, 0.5, 1.5}) {
    const Igso3 distribution(sigma);
    RandomStream stream(1, "igso3");
    const Tensor vectors = sample_igso3(distribution, kSamples, stream);
    // Integrated independently of the tables, by Simpson's rule on a uniform grid.
    const int steps = 4000;
    std::vector<double> integral(steps + 1, 0.0);
    const auto density = [&](double w) { return igso3_expansion(w, sigma) * (1 - std::cos(w)) / std::numbers::pi; };
    const double h = std::numbers::pi / steps;
    for (int k = 0; k < steps; ++k)
      integral[k + 1] = integral[k] + h / 6 * (density(k * h) + 4 * density((k + 0.5) * h) + density((k + 1) * h));
    EXPECT_NEAR(integral[steps], 1.0, 1e-5);
    const double distance = ks_distance(vectors.square().sum(-1).sqrt(), [&](double w) {
      const double place = std::min(w / h, steps - 1e-9);
      const int k = static_cast<int>(place);
      return integral[k] + (place - k) * (integral[k + 1] - integral[k]);
    });
    fmt::print("  sigma {}: KS distance {:.4f} (allowed {:.4f})\n", sigma, distance, kKsLimit);
    EXPECT_LE(distance, kKsLimit);
    const Tensor axes = vectors / vectors.square().sum(-1, true).sqrt();
    EXPECT_LE(axes.mean(0).abs().max().item<double>(), 5 / std::sqrt(3.0 * kSamples));
  }
}

TEST(Igso3, AngleIsMonotonicAndStaysInRange) {
  const Igso3 distribution(1.5);
  double last = 0.0;
  for (int k = 1; k < 10000; ++k) {
    const double angle = distribution.angle(k / 10000.0);
    EXPECT_GE(angle, last);
    last = angle;
  }
  EXPECT_LE(distribution.angle(1 - 1e-16), std::numbers::pi);
  EXPECT_EQ(distribution.angle(1e-300), distribution.grid()[1]);
}

TEST(UniformRotations, AreProperAndHaveTheHaarAngleDistribution) {
  RandomStream stream(2, "uniform");
  const Tensor rotations = sample_uniform_rotations(kSamples, stream);
  const Tensor identity = at::eye(3, at::kDouble);
  EXPECT_LE((at::matmul(rotations, rotations.transpose(1, 2)) - identity).abs().max().item<double>(), 1e-14);
  EXPECT_LE((at::linalg_det(rotations) - 1).abs().max().item<double>(), 1e-14);
  const double distance = ks_distance(so3_log(rotations).square().sum(-1).sqrt(),
                                      [](double w) { return (w - std::sin(w)) / std::numbers::pi; });
  fmt::print("  KS distance {:.4f} (allowed {:.4f})\n", distance, kKsLimit);
  EXPECT_LE(distance, kKsLimit);
  // Every entry has mean 0 and variance 1/3.
  EXPECT_LE(rotations.mean(0).abs().max().item<double>(), 5 / std::sqrt(3.0 * kSamples));
}

}  // namespace
}  // namespace flashrna
