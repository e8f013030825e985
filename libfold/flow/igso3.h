// The isotropic Gaussian on SO(3): tabulated density of the rotation angle, and sampling by inversion.
// Series of Nikolayev and Savyolov (1997); grid and interpolation as in RNA-FrameFlow.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "libfold/random_streams.h"

namespace flashrna {

// f(w) = sum_{l=0}^{order} (2l+1) exp(-l(l+1) sigma^2 / 2) sin((l+1/2) w) / (sin(w/2) + 1e-7), angle in radians. The
// ratio is replaced by its limit 2l+1 where sin(w/2) < 1e-7.
double igso3_expansion(double angle, double sigma, int order = 1000);

class Igso3 {
 public:
  // sigma in radians, at least 0.1: below that, too few grid points cover the distribution.
  explicit Igso3(double sigma, int grid_steps = 1000, int order = 1000);

  // Angle with cumulative probability u in (0, 1), by linear interpolation between grid points. Below the first grid
  // point, returns the first grid angle.
  double angle(double u) const;

  // Angles w_k = pi (k/n)^3 for k = 0..n = grid_steps, the density f(w) (1 - cos w) / pi at them, and its integral up
  // to w_1 .. w_n (trapezoidal rule, normalized by the last value).
  const std::vector<double>& grid() const { return grid_; }
  const std::vector<double>& density() const { return density_; }
  const std::vector<double>& cumulative() const { return cumulative_; }

 private:
  std::vector<double> grid_, density_, cumulative_;
};

// n rotation vectors with uniform axes and angles of the distribution: [n, 3] f64. Each rotation uses one uniform draw
// for the angle and three normal draws for the axis.
at::Tensor sample_igso3(const Igso3& distribution, int64_t n, RandomStream& stream);

// n rotation vectors of a narrow distribution, sigma <= 0.5 radians, exact to rounding: [n, 3] f64. A normal vector of
// deviation sigma is accepted with probability sin(w/2) / (w/2), w its length, the ratio of the volume elements times
// the leading term of the density. The other terms are below exp(-2 pi^2 / sigma^2) near the identity.
at::Tensor sample_narrow_igso3(double sigma, int64_t n, RandomStream& stream);

// n rotations uniform on SO(3), from normalized quaternions of four normal draws: [n, 3, 3] f64.
at::Tensor sample_uniform_rotations(int64_t n, RandomStream& stream);

}  // namespace flashrna
