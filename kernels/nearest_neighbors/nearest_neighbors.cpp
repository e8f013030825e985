#include "kernels/nearest_neighbors/nearest_neighbors.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/padding.h"

namespace flashrna {

using at::Tensor;

namespace {

// One sequence of n residues: for every query the k nearest keys, one row of n distances at a time.
template <typename T>
void neighbors_of_sequence(const T* positions, int64_t n, int64_t k, double self_distance, int64_t* indices,
                           T* distances) {
  at::parallel_for(0, n, 16, [&](int64_t begin, int64_t end) {
    std::vector<std::pair<T, int64_t>> row;  // (squared distance, index): the order that breaks ties
    row.reserve(n);
    for (int64_t i = begin; i < end; ++i) {
      row.clear();
      const T x = positions[3 * i], y = positions[3 * i + 1], z = positions[3 * i + 2];
      for (int64_t j = 0; j < n; ++j) {
        const T dx = x - positions[3 * j], dy = y - positions[3 * j + 1], dz = z - positions[3 * j + 2];
        if (j != i) row.emplace_back(std::sqrt(dx * dx + dy * dy + dz * dz), j);
      }
      if (self_distance > 0) row.emplace_back(static_cast<T>(self_distance), i);
      const int64_t found = std::min<int64_t>(k, row.size());
      std::partial_sort(row.begin(), row.begin() + found, row.end());
      for (int64_t m = 0; m < found; ++m) {
        indices[i * k + m] = row[m].second;
        distances[i * k + m] = row[m].first;
      }
    }
  });
}

NearestNeighbors on_cpu(const Tensor& positions, const Tensor& lengths, int64_t k, double self_distance) {
  const int64_t B = positions.size(0), L = positions.size(1);
  NearestNeighbors result{at::full({B, L, k}, -1, lengths.options()), at::zeros({B, L, k}, positions.options())};
  const Tensor contiguous = positions.contiguous();
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(positions.scalar_type(), "nearest_neighbors", [&] {
    for (int64_t b = 0; b < B; ++b) {
      neighbors_of_sequence<scalar_t>(contiguous.const_data_ptr<scalar_t>() + b * L * 3, length[b], k, self_distance,
                                      result.indices.mutable_data_ptr<int64_t>() + b * L * k,
                                      result.distances.mutable_data_ptr<scalar_t>() + b * L * k);
    }
  });
  return result;
}

}  // namespace

NearestNeighbors nearest_neighbors_in_blocks(const Tensor& positions, const Tensor& lengths, int64_t k,
                                             const NearestNeighborsOptions& options) {
  const int64_t L = positions.size(1), block = 256, found = std::min(k, L);
  const Tensor padding = padding_mask(lengths, L);  // [B, L]
  const double infinity = std::numeric_limits<double>::infinity();
  NearestNeighbors result{at::full({positions.size(0), L, k}, -1, lengths.options()),
                          at::zeros({positions.size(0), L, k}, positions.options())};
  for (int64_t begin = 0; begin < L; begin += block) {
    const int64_t rows = std::min(block, L - begin);
    Tensor distances = (positions.narrow(1, begin, rows).unsqueeze(2) - positions.unsqueeze(1)).square().sum(3).sqrt();
    Tensor self = distances.diagonal(begin, 1, 2);
    options.self_distance > 0 ? self.add_(options.self_distance) : self.fill_(infinity);
    distances.masked_fill_(padding.unsqueeze(1), infinity);
    distances.masked_fill_(padding.narrow(1, begin, rows).unsqueeze(2), infinity);
    auto [sorted, order] = at::sort(distances, /*stable=*/true, /*dim=*/-1, /*descending=*/false);
    const Tensor exists = at::isfinite(sorted.narrow(2, 0, found));
    result.indices.narrow(1, begin, rows).narrow(2, 0, found).copy_(order.narrow(2, 0, found).masked_fill(~exists, -1));
    result.distances.narrow(1, begin, rows)
        .narrow(2, 0, found)
        .copy_(sorted.narrow(2, 0, found).masked_fill(~exists, 0));
  }
  return result;
}

NearestNeighbors nearest_neighbors(const Tensor& positions, const Tensor& lengths, int64_t k,
                                   const NearestNeighborsOptions& options) {
  TORCH_CHECK(positions.dim() == 3 && positions.size(2) == 3, "nearest_neighbors: positions have shape ",
              positions.sizes(), ", expected [B, L, 3]");
  TORCH_CHECK(lengths.dim() == 1 && lengths.size(0) == positions.size(0) && lengths.scalar_type() == at::kLong,
              "nearest_neighbors: lengths must be i64 of shape [B] with B = ", positions.size(0));
  TORCH_CHECK(k >= 1, "nearest_neighbors: k = ", k, ", must be at least 1");
  const at::NoGradGuard no_grad;
  const Tensor detached = positions.detach();
  return detached.is_cpu() ? on_cpu(detached, lengths, k, options.self_distance)
                           : nearest_neighbors_in_blocks(detached, lengths, k, options);
}

}  // namespace flashrna
