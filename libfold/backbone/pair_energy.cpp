#include "libfold/backbone/pair_energy.h"

namespace flashrna {

using at::Tensor;

namespace {

// Medians of canonical pairs.
constexpr double kC1Distance = 10.5;  // Å
constexpr double kNDistance = 8.9;    // Å
constexpr double kLambdaCosine = 0.574;
constexpr double kDistanceWeight = 2.0;
constexpr double kPairAngleWeight = 10.0;

Tensor smooth_length(const Tensor& v) { return (v.square().sum(2) + 1e-6).sqrt(); }

Tensor smooth_distance(const Tensor& error) { return (1.0 + error.square()).sqrt() - 1.0; }

}  // namespace

Tensor pair_energy(const Tensor& c1, const Tensor& n, const Tensor& partner) {
  const Tensor of_partner = partner.clamp_min(0).unsqueeze(2).expand({-1, -1, 3});
  const Tensor across = c1.gather(1, of_partner) - c1, bond = n - c1;
  const Tensor distance = smooth_length(across), n_distance = smooth_length(n.gather(1, of_partner) - n);
  const Tensor cosine = (bond * across).sum(2) / (distance * smooth_length(bond));
  const Tensor energy =
      kDistanceWeight * (smooth_distance(distance - kC1Distance) + smooth_distance(n_distance - kNDistance)) +
      kPairAngleWeight * (cosine - kLambdaCosine).square();
  return (energy * (partner >= 0)).sum();
}

}  // namespace flashrna
