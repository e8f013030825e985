#include "libfold/evaluation/protein/ramachandran.h"

#include <limits>
#include <utility>
#include <vector>

#include "rna/measure/wasserstein.h"

namespace flashrna {
namespace {

std::vector<double> projected(std::span<const std::array<float, 2>> pairs, int phi, int psi) {
  std::vector<double> values;
  values.reserve(pairs.size());
  for (const auto& pair : pairs) {
    values.push_back(phi * static_cast<double>(pair[0]) + psi * static_cast<double>(pair[1]));
  }
  return values;
}

}  // namespace

double ramachandran_distance(std::span<const std::array<float, 2>> a, std::span<const std::array<float, 2>> b) {
  if (a.empty() || b.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0.0;
  for (const auto& [phi, psi] : {std::pair(1, 0), std::pair(0, 1), std::pair(1, 1), std::pair(1, -1)}) {
    sum += circular_wasserstein_distance(projected(a, phi, psi), projected(b, phi, psi));
  }
  return sum / 4.0;
}

}  // namespace flashrna
