#include <ATen/ATen.h>

#include "kernels/pair_distance_loss/pair_distance_loss.h"

namespace flashrna {

using at::Tensor;

namespace {

// [B, N, 3] -> [B, N, N]. The square root has no derivative at zero, so zeros are replaced before it.
Tensor distances(const Tensor& points) {
  const Tensor squared = (points.unsqueeze(2) - points.unsqueeze(1)).square().sum(3);
  const Tensor apart = squared > 0;
  return at::where(apart, squared, at::ones_like(squared)).sqrt() * apart;
}

}  // namespace

Tensor pair_distance_loss_reference(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask) {
  const Tensor mask = atom_mask.flatten(1);
  const Tensor pairs = mask.unsqueeze(2) & mask.unsqueeze(1);
  // Coordinates of missing atoms may have any value, and NaN times 0 is NaN.
  const auto real = [&](const Tensor& points) { return points.flatten(1, 2).masked_fill(~mask.unsqueeze(2), 0); };
  return ((distances(real(predicted)) - distances(real(truth))).square() * pairs).sum({1, 2});
}

}  // namespace flashrna
