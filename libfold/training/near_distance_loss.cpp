#include "libfold/training/near_distance_loss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kPairsAtOnce = int64_t{1} << 20;

// Rows i and j of the ordered pairs i != j with |y_i - y_j| < cutoff: [2, pairs] i64. `y` [N, 3], `mask` [N].
Tensor near_pairs(const Tensor& y, const Tensor& mask, double cutoff) {
  const at::NoGradGuard no_grad;
  const int64_t N = y.size(0), rows = std::max<int64_t>(1, kPairsAtOnce / std::max<int64_t>(N, 1));
  const Tensor place = at::arange(N, y.options().dtype(at::kLong));
  std::vector<Tensor> found;
  for (int64_t begin = 0; begin < N; begin += rows) {
    const int64_t n = std::min(rows, N - begin);
    const Tensor squared = (y.narrow(0, begin, n).unsqueeze(1) - y.unsqueeze(0)).square().sum(2);  // [n, N]
    const Tensor near = (squared < cutoff * cutoff) & mask.narrow(0, begin, n).unsqueeze(1) & mask.unsqueeze(0) &
                        (place.narrow(0, begin, n).unsqueeze(1) != place.unsqueeze(0));
    const Tensor pairs = near.nonzero();  // [pairs, 2]
    found.push_back(at::stack({pairs.select(1, 0) + begin, pairs.select(1, 1)}));
  }
  return found.empty() ? at::zeros({2, 0}, place.options()) : at::cat(found, 1);
}

}  // namespace

Tensor near_distance_loss(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask, double cutoff) {
  std::vector<Tensor> losses;
  for (int64_t b = 0; b < predicted.size(0); ++b) {
    const Tensor x = predicted[b].flatten(0, 1), y = truth[b].flatten(0, 1);  // [N, 3]
    const Tensor pairs = near_pairs(y, atom_mask[b].flatten(), cutoff);
    // The gradient of a distance of zero is zero.
    const auto distances = [&](const Tensor& atoms) {
      return (atoms.index_select(0, pairs[0]) - atoms.index_select(0, pairs[1])).norm(2, 1);
    };
    losses.push_back((distances(x) - distances(y)).square().sum() / std::max<int64_t>(pairs.size(1), 1));
  }
  return at::stack(losses);
}

}  // namespace flashrna
