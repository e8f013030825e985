// One pair of atoms of pair_distance_loss, shared by CPU and GPU.
#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace flashrna {

template <typename T>
struct PairDistanceTerm {
  T error;   // weight (|d| - |e|)
  T factor;  // error / |d|, 0 if the atoms coincide; d times this is half the derivative of error^2 with respect to x_i
};

// `d` = x_i - x_j of the prediction, `e` = y_i - y_j of the truth; weight 1 for a real pair, 0 otherwise.
template <typename T>
FLASHRNA_HOST_DEVICE PairDistanceTerm<T> pair_distance_term(T dx, T dy, T dz, T ex, T ey, T ez, T weight) {
  const T distance = std::sqrt(dx * dx + dy * dy + dz * dz);
  const T error = (distance - std::sqrt(ex * ex + ey * ey + ez * ez)) * weight;
  return {error, distance > T(0) ? error / distance : T(0)};
}

}  // namespace flashrna
