// A distance for losses whose gradient is continuous at zero.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// From squared distances of (sin, cos): the distance, below 0.01 about proportional to its square. Zero at zero.
inline at::Tensor smooth_distance(const at::Tensor& squared) {
  constexpr double kSmoothness = 0.01;
  return (squared + kSmoothness * kSmoothness).sqrt() - kSmoothness;
}

}  // namespace flashrna
