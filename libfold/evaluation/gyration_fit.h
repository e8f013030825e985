// How the radius of gyration grows with the length: Rg = prefactor · L^exponent, fitted to a reference.
#pragma once

#include <span>

namespace flashrna {

struct GyrationPoint {
  int length = 0;       // nt
  double radius = 0.0;  // Å
};

struct GyrationFit {
  double prefactor = 0.0;  // Å; NaN where the points do not determine a line
  double exponent = 0.0;
  double deviation = 0.0;  // standard deviation of ln Rg about the line
  double low = 0.0;        // 5th and 95th percentile of ln Rg less the line, over the same points
  double high = 0.0;

  double radius(int length) const;  // Å
  // Whether ln Rg less the line is from `low` to `high`; false without a line.
  bool in_band(int length, double radius) const;
};

// Least squares of ln Rg against ln L over the points of at least kShortestFitted nucleotides; needs three of them, of
// two lengths.
inline constexpr int kShortestFitted = 10;
GyrationFit fit_gyration(std::span<const GyrationPoint> points);

}  // namespace flashrna
