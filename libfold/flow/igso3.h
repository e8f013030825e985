// The isotropic Gaussian on SO(3): density of the rotation angle, tabulated, and sampling by inversion.
// Series of Nikolayev and Savyolov (1997); grid and interpolation as in RNA-FrameFlow.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "libfold/random_streams.h"

namespace flashrna {

// f(w) = sum_{l=0}^{order} (2l+1) exp(-l(l+1) sigma^2 / 2) sin((l+1/2) w) / (sin(w/2) + 1e-7), angle in radians; with
// the limit 2l+1 for the ratio where sin(w/2) < 1e-7.
double igso3_expansion(double angle, double sigma, int order = 1000);

class Igso3 {
 public:
  // sigma in radians, at least 0.1: below, too few grid points carry the whole distribution.
  explicit Igso3(double sigma, int grid_steps = 1000, int order = 1000);

  // Angle whose cumulative probability is u in (0, 1), linear between grid points; the first grid angle below that.
  double angle(double u) const;

  // Angles w_k = pi (k/n)^3 for k = 0..n = grid_steps, the density f(w) (1 - cos w) / pi there, and its integral up to
  // w_1 .. w_n (trapezoids, normalised by the last).
  const std::vector<double>& grid() const { return grid_; }
  const std::vector<double>& density() const { return density_; }
  const std::vector<double>& cumulative() const { return cumulative_; }

 private:
  std::vector<double> grid_, density_, cumulative_;
};

// n rotation vectors with uniform axes and angles of the distribution: [n, 3] f64. Per rotation one uniform draw for
// the angle and three normal ones for the axis.
at::Tensor sample_igso3(const Igso3& distribution, int64_t n, RandomStream& stream);

// n rotations uniform on SO(3): normalised quaternions of four normal draws. [n, 3, 3] f64.
at::Tensor sample_uniform_rotations(int64_t n, RandomStream& stream);

}  // namespace flashrna
