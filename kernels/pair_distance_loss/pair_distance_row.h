// The inner loop of pair_distance_loss on a CPU: one atom against all others. No torch here, so that the file can be
// compiled with the floating-point flags that vectors of square roots need.
#pragma once

#include <cstdint>

namespace flashrna {

// Arrays of atoms end in atoms of weight 0 up to a multiple of this.
inline constexpr std::int64_t kPairDistanceLanes = 16;

// `n` (a multiple of kPairDistanceLanes) atoms, coordinate d of atom j at predicted[d][j] and truth[d][j]; weight 1 for
// real atoms, 0 for the padding.
template <typename T>
struct PairDistanceAtoms {
  std::int64_t n;
  const T* predicted[3];
  const T* truth[3];
  const T* weight;
};

// Sum over j of (|x_i - x_j| - |y_i - y_j|)^2 in f64; into `gradient` [3], unless null, the derivative by x_i of twice
// that sum (each pair counts in both orders). float and double.
template <typename T>
double pair_distance_row(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient);

}  // namespace flashrna
