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

  double radius(int length) const;  // Å
};

// Least squares of ln Rg against ln L over the points of at least kShortestFitted nucleotides; needs three of them, of
// two lengths.
inline constexpr int kShortestFitted = 10;
GyrationFit fit_gyration(std::span<const GyrationPoint> points);

}  // namespace flashrna
