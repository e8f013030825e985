#include "libfold/evaluation/gyration_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace flashrna {

double GyrationFit::radius(int length) const { return prefactor * std::pow(static_cast<double>(length), exponent); }

bool GyrationFit::in_band(int length, double radius_found) const {
  const double off = std::log(radius_found / radius(length));
  return off >= low && off <= high;
}

GyrationFit fit_gyration(std::span<const GyrationPoint> points) {
  std::vector<double> x, y;
  for (const GyrationPoint& point : points) {
    if (point.length < kShortestFitted || !(point.radius > 0.0)) continue;
    x.push_back(std::log(static_cast<double>(point.length)));
    y.push_back(std::log(point.radius));
  }
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const double n = static_cast<double>(x.size());
  double mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0, rest = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (x.size() < 3 || !(xx > 1e-12)) return {kNaN, kNaN, kNaN, kNaN, kNaN};
  GyrationFit fit;
  fit.exponent = xy / xx;
  fit.prefactor = std::exp(mean_y - fit.exponent * mean_x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double off = y[i] - std::log(fit.prefactor) - fit.exponent * x[i];
    rest += off * off;
    y[i] = off;
  }
  std::ranges::sort(y);
  // Interpolates linearly between points, as numpy.percentile does.
  const auto percentile = [&](double share) {
    const double at = share * (n - 1.0);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, y.size() - 1);
    return y[below] + (at - static_cast<double>(below)) * (y[above] - y[below]);
  };
  fit.low = percentile(0.05);
  fit.high = percentile(0.95);
  fit.deviation = std::sqrt(rest / n);
  return fit;
}

}  // namespace flashrna
