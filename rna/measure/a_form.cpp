#include "rna/measure/a_form.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "base/degree.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {
namespace {

constexpr double kEta = 168.0 * kDegree;
constexpr double kTheta = 212.0 * kDegree;
constexpr double kHalfWidth = 25.0 * kDegree;

bool near(double angle, double center) {
  return std::abs(std::remainder(angle - center, 2.0 * std::numbers::pi)) <= kHalfWidth;
}

}  // namespace

double AFormCount::share() const {
  if (nucleotides == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(a_form) / static_cast<double>(nucleotides);
}

AFormCount count_a_form(std::span<const Nucleotide> nucleotides) {
  const LocalMeasure &eta = local_measure("eta"), &theta = local_measure("theta");
  AFormCount count;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const double eta_here = measure(eta, nucleotides, i), theta_here = measure(theta, nucleotides, i);
    if (std::isnan(eta_here) || std::isnan(theta_here)) continue;
    ++count.nucleotides;
    count.a_form += near(eta_here, kEta) && near(theta_here, kTheta);
  }
  return count;
}

}  // namespace flashrna
