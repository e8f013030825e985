#include <ATen/ATen.h>

#include <limits>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/padding.h"

namespace flashrna {

using at::Tensor;

NearestNeighbors nearest_neighbors_reference(const Tensor& positions, const Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options) {
  const int64_t B = positions.size(0), L = positions.size(1);
  const double infinity = std::numeric_limits<double>::infinity();
  Tensor distances = (positions.unsqueeze(2) - positions.unsqueeze(1)).square().sum(3).sqrt();  // [B, L, L]
  const Tensor self = at::eye(L, distances.options()).to(at::kBool);
  distances =
      options.self_distance > 0 ? distances + self * options.self_distance : distances.masked_fill(self, infinity);
  const Tensor padding = padding_mask(lengths, L);
  distances = distances.masked_fill(padding.unsqueeze(1), infinity).masked_fill(padding.unsqueeze(2), infinity);

  auto [sorted, order] = at::sort(distances, /*stable=*/true, /*dim=*/-1, /*descending=*/false);
  const int64_t found = std::min(k, L);
  NearestNeighbors result{at::full({B, L, k}, -1, order.options()), at::zeros({B, L, k}, distances.options())};
  const Tensor exists = at::isfinite(sorted.narrow(2, 0, found));
  result.indices.narrow(2, 0, found).copy_(order.narrow(2, 0, found).masked_fill(~exists, -1));
  result.distances.narrow(2, 0, found).copy_(sorted.narrow(2, 0, found).masked_fill(~exists, 0));
  return result;
}

}  // namespace flashrna
