// Radius of gyration as a function of length, fitted to a reference: Rg = prefactor · L^exponent.
#pragma once

#include <span>

namespace flashrna {

struct GyrationPoint {
  int length = 0;       // nt
  double radius = 0.0;  // Å
};

struct GyrationFit {
  double prefactor = 0.0;  // Å; NaN if the points do not determine a line
  double exponent = 0.0;
  double deviation = 0.0;  // standard deviation of ln Rg about the line
  double low = 0.0;        // 5th and 95th percentile of ln Rg minus the line
  double high = 0.0;

  double radius(int length) const;                                                         // Å
  double ratio(int length, double radius) const { return radius / this->radius(length); }  // to that of the line
  // Whether ln Rg minus the line is in [low, high]; false without a line.
  bool in_band(int length, double radius) const;
};

// Least-squares fit of ln Rg against ln L over the points of at least kShortestFitted nucleotides. Needs three points
// with two different lengths.
inline constexpr int kShortestFitted = 10;
GyrationFit fit_gyration(std::span<const GyrationPoint> points);

}  // namespace flashrna
