// The distance of two Ramachandran distributions.
#pragma once

#include <array>
#include <span>

namespace flashrna {

// Mean of the circular Wasserstein distances of phi, psi, phi + psi and phi - psi, radians: projections of the torus,
// which see that both torsions belong together, as a sliced Wasserstein distance does. 0 for equal distributions. Pairs
// are (phi, psi), radians. NaN if one of the two is empty.
double ramachandran_distance(std::span<const std::array<float, 2>> a, std::span<const std::array<float, 2>> b);

}  // namespace flashrna
