#include "rna/measure/published_metrics.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "rna/superposition.h"

namespace flashrna {

PublishedC4Metrics published_c4_metrics(std::span<const Vec3> c4) {
  PublishedC4Metrics metrics;
  metrics.radius_of_gyration = radius_of_gyration(c4);
  const double n_steps = static_cast<double>(c4.size() - 1);
  double sum = 0.0, deviations = 0.0, valid = 0.0;
  for (std::size_t i = 1; i < c4.size(); ++i) {
    const double distance = (c4[i] - c4[i - 1]).norm();
    sum += distance;
    deviations += std::abs(distance - 6.12);
    valid += distance < 6.22;
  }
  const bool has_steps = c4.size() > 1;
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  metrics.mean_distance = has_steps ? sum / n_steps : kUndefined;
  metrics.deviation = has_steps ? deviations / n_steps : kUndefined;
  metrics.valid_fraction = has_steps ? valid / n_steps : kUndefined;
  for (std::size_t i = 0; i < c4.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double squared = (c4[i] - c4[j]).squaredNorm();
      metrics.clashes += squared > 0.0 && squared < 1.0;
    }
  }
  return metrics;
}

std::vector<double> published_c4_angles(std::span<const Vec3> c4) {
  std::vector<double> angles;
  for (std::size_t i = 2; i < c4.size(); ++i) angles.push_back(angle(c4[i - 2], c4[i - 1], c4[i]));
  return angles;
}

std::vector<double> published_c4_dihedrals(std::span<const Vec3> c4) {
  constexpr double kEpsilon = 1e-7;
  std::vector<double> dihedrals;
  for (std::size_t i = 3; i < c4.size(); ++i) {
    const Vec3 before = (c4[i - 2] - c4[i - 3]).normalized();
    const Vec3 axis = (c4[i - 1] - c4[i - 2]).normalized();
    const Vec3 after = (c4[i] - c4[i - 1]).normalized();
    const double sin = before.cross(axis).cross(axis.cross(after)).dot(axis);
    double cos = before.cross(axis).dot(axis.cross(after));
    cos = std::clamp(cos, -1.0 + kEpsilon, 1.0 - kEpsilon);
    if (std::abs(cos) < kEpsilon) cos = kEpsilon;
    dihedrals.push_back(std::atan2(sin, cos));
  }
  return dihedrals;
}

PublishedSuperposition published_superposition(std::span<const Vec3> mobile, std::span<const Vec3> target) {
  const Superposition superposition = superpose(mobile, target);
  const double n = static_cast<double>(mobile.size());
  const double d0 = 1.24 * std::cbrt(n - 15.0) - 1.8;
  PublishedSuperposition result{.rmsd = superposition.rmsd};
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    const double distance = (superposition.motion * mobile[i] - target[i]).norm();
    for (const double cutoff : {1.0, 2.0, 4.0, 8.0}) result.gdt += (distance < cutoff) / (4.0 * n);
    result.tm_score += 1.0 / (1.0 + distance * distance / (d0 * d0)) / n;
  }
  return result;
}

}  // namespace flashrna
