#include "libfold/backbone/pair_energy.h"

#include <cmath>

namespace flashrna {

using at::Tensor;

namespace {

Tensor smooth_length(const Tensor& v) { return (v.square().sum(2) + 1e-6).sqrt(); }

Tensor smooth_distance(const Tensor& error) { return (1.0 + error.square()).sqrt() - 1.0; }

// 1 - cos of the deviation of the torsion about the unit vector `axis`, from the bonds at its ends.
Tensor torsion_error(const Tensor& bond, const Tensor& axis, const Tensor& other_bond) {
  const auto across = [&](const Tensor& v) { return v - (v * axis).sum(2, true) * axis; };
  const Tensor p = across(bond), q = across(other_bond);
  const Tensor size = smooth_length(p) * smooth_length(q);
  const Tensor cosine = (p * q).sum(2) / size, sine = (p * at::cross(q, axis, 2)).sum(2) / size;
  return 1.0 - std::cos(kPairTorsion) * cosine - std::sin(kPairTorsion) * sine;
}

}  // namespace

Tensor pair_energy(const Tensor& c1, const Tensor& n, const Tensor& partner) {
  const Tensor index = partner.clamp_min(0).unsqueeze(2).expand({-1, -1, 3});
  const Tensor bond = n - c1, other_bond = bond.gather(1, index);
  const Tensor across = c1.gather(1, index) - c1;
  const Tensor distance = smooth_length(across), n_distance = smooth_length(n.gather(1, index) - n);
  const Tensor cosine = (bond * across).sum(2) / (distance * smooth_length(bond));
  const Tensor energy = kPairDistanceWeight * (smooth_distance(distance - kPairC1Distance) +
                                               smooth_distance(n_distance - kPairNDistance)) +
                        kPairAngleWeight * (cosine - kPairLambdaCosine).square() +
                        kPairTorsionWeight * torsion_error(bond, across / distance.unsqueeze(2), other_bond);
  return (energy * (partner >= 0)).sum();
}

}  // namespace flashrna
