// The inner loop of pair_distance_loss on a CPU: one atom against all others. No torch here, so that the file can be
// compiled with the floating-point flags required to vectorize square roots.
#pragma once

#include <cstdint>

namespace flashrna {

// Arrays of atoms are padded with atoms of weight 0 to a multiple of this.
inline constexpr std::int64_t kPairDistanceLanes = 16;

// `n` atoms (a multiple of kPairDistanceLanes). Coordinate d of atom j is predicted[d][j] and truth[d][j]. The weight
// is 1 for real atoms and 0 for padding.
template <typename T>
struct PairDistanceAtoms {
  std::int64_t n;
  const T* predicted[3];
  const T* truth[3];
  const T* weight;
};

// Returns the sum over j of (|x_i - x_j| - |y_i - y_j|)^2 in f64. If `gradient` [3] is not null, writes the derivative
// of twice that sum with respect to x_i (each pair occurs in both orders). T is float or double.
template <typename T>
double pair_distance_row(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient);

}  // namespace flashrna
