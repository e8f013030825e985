// The unit of angles in files and messages; angles in code are in radians.
#pragma once

#include <numbers>

namespace flashrna {

inline constexpr double kDegree = std::numbers::pi / 180.0;  // radians

}  // namespace flashrna
