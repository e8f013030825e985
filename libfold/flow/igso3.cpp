#include "libfold/flow/igso3.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libfold/rigid.h"

namespace flashrna {
namespace {

// Published guards. Half angles whose sine is below this use the limit of the ratio of sines; for others it is added to
// the divisor. It is also the smallest probability of an interval in the inversion.
constexpr double kTolerance = 1e-7;

}  // namespace

double igso3_expansion(double angle, double sigma, int order) {
  const double half_sine = std::sin(0.5 * angle);
  double sum = 0.0;
  for (int l = 0; l <= order; ++l) {
    const double weight = std::exp(-0.5 * l * (l + 1.0) * sigma * sigma);
    // Weights decrease monotonically; the remaining terms are below the rounding of the first.
    if (weight < 1e-30) break;
    const double degeneracy = 2.0 * l + 1.0;
    const double ratio = half_sine < kTolerance ? degeneracy : std::sin((l + 0.5) * angle) / (half_sine + kTolerance);
    sum += degeneracy * weight * ratio;
  }
  return sum;
}

Igso3::Igso3(double sigma, int grid_steps, int order) {
  for (int k = 0; k <= grid_steps; ++k) {
    const double angle = std::numbers::pi * std::pow(static_cast<double>(k) / grid_steps, 3);
    grid_.push_back(angle);
    density_.push_back(igso3_expansion(angle, sigma, order) * (1.0 - std::cos(angle)) / std::numbers::pi);
  }
  double integral = 0.0;
  for (int k = 1; k <= grid_steps; ++k) {
    integral += 0.5 * (density_[k] + density_[k - 1]) * (grid_[k] - grid_[k - 1]);
    cumulative_.push_back(integral);
  }
  for (double& value : cumulative_) value /= integral;
}

double Igso3::angle(double u) const {
  // `above` counts the cumulative values below u; cumulative_[i] belongs to grid_[i + 1].
  const auto above = std::min<std::size_t>(
      std::lower_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin(), cumulative_.size() - 1);
  if (above == 0) return grid_[1];
  const double width = std::max(cumulative_[above] - cumulative_[above - 1], kTolerance);
  const double fraction = (u - cumulative_[above - 1]) / width;
  return grid_[above] + fraction * (grid_[above + 1] - grid_[above]);
}

at::Tensor sample_igso3(const Igso3& distribution, int64_t n, RandomStream& stream) {
  at::Tensor rotation_vectors = at::empty({n, 3}, at::kDouble);
  double* out = rotation_vectors.mutable_data_ptr<double>();
  const at::Tensor uniforms = stream.uniform({n}), axes = stream.normal({n, 3});
  const double* u = uniforms.const_data_ptr<double>();
  const double* axis = axes.const_data_ptr<double>();
  for (int64_t i = 0; i < n; ++i, axis += 3, out += 3) {
    const double length = std::sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
    const double scale = distribution.angle(u[i]) / length;
    for (int d = 0; d < 3; ++d) out[d] = scale * axis[d];
  }
  return rotation_vectors;
}

at::Tensor sample_narrow_igso3(double sigma, int64_t n, RandomStream& stream) {
  TORCH_CHECK(sigma > 0 && sigma <= 0.5, "sample_narrow_igso3: sigma = ", sigma, ", must be above 0 and at most 0.5");
  at::Tensor rotation_vectors = at::empty({n, 3}, at::kDouble);
  double* out = rotation_vectors.mutable_data_ptr<double>();
  for (int64_t i = 0; i < n; ++i, out += 3) {
    double half_angle = 0.0;
    do {
      double squared = 0.0;
      for (int d = 0; d < 3; ++d) out[d] = sigma * stream.normal(), squared += out[d] * out[d];
      half_angle = std::sqrt(squared) / 2;
    } while (half_angle >= std::numbers::pi / 2 || stream.uniform() * half_angle >= std::sin(half_angle));
  }
  return rotation_vectors;
}

at::Tensor sample_uniform_rotations(int64_t n, RandomStream& stream) {
  return rotation_from_quaternion(stream.normal({n, 4}));
}

}  // namespace flashrna
