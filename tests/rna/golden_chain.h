// C3' traces of tests/data/golden/tm_coords.h5.
#pragma once

#include <string>
#include <vector>

#include "rna/geometry.h"
#include "tests/support/golden_file.h"

namespace flashrna {

inline std::vector<Vec3> golden_chain(const GoldenFile& coordinates, const std::string& name) {
  const std::vector<double> numbers = coordinates.read("chains/" + name + "/xyz_milliangstrom");
  std::vector<Vec3> points;
  for (std::size_t i = 0; i + 2 < numbers.size(); i += 3) {
    points.emplace_back(0.001 * numbers[i], 0.001 * numbers[i + 1], 0.001 * numbers[i + 2]);
  }
  return points;
}

}  // namespace flashrna
