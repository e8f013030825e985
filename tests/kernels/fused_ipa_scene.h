// Inputs of invariant point attention with the statistics of an untrained network, on a chain of a given size.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna {

// A rigid motion in f64, so that it is exact until its result is rounded once to f32.
struct Motion {
  std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> shift{};  // nm, after the rotation
};

// One sequence. Scalars, local points (nm) and both factors of the pair representation are normal with standard
// deviation 1. bias_q includes the factor sqrt(1/3) of the pair bias. softplus(head weight) = 1.
class FusedIpaScene {
 public:
  FusedIpaScene(fused_ipa::HeadSize size, int H, int L, double radius_of_gyration, std::uint64_t seed);

  // The inputs with every frame moved. They are valid until the next call.
  const fused_ipa::Arguments& moved(const Motion& motion);

 private:
  std::vector<double> rotations_, translations_;  // [L, 3, 3], [L, 3] nm, centered
  std::vector<float> q_, k_, v_, q_points_, k_points_, v_points_, bias_q_, bias_k_, pair_q_, pair_k_, weights_;
  std::vector<float> moved_rotations_, moved_translations_;
  std::int64_t first_row_ = 0, length_;
  fused_ipa::Arguments arguments_;
};

// Number `index` of a fixed sequence of random motions; the shift is `distance` nm long.
Motion random_motion(std::uint64_t index, double distance);

// Outputs, and the pointers through which the kernels write them.
struct FusedIpaResult {
  explicit FusedIpaResult(const fused_ipa::Arguments& in);

  std::vector<float> scalars, points, point_norms, pairs, pair_sums, lse;
  fused_ipa::Outputs pointers();
};

}  // namespace flashrna
