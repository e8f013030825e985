#include "kernels/nearest_neighbors/nearest_neighbors.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/padding.h"
#include "kernels/parallel_ranges.h"
#include "kernels/self_check.h"

namespace flashrna {

using at::Tensor;

namespace {

// Finds the k nearest keys of every query in a sequence of n residues, one row of n distances at a time.
template <typename T>
void neighbors_of_sequence(const T* positions, int64_t n, int64_t k, double self_distance, int64_t* indices,
                           T* distances) {
  parallel_ranges(n, 16, [&](int64_t begin, int64_t end) {
    std::vector<std::pair<T, int64_t>> row;  // (distance, index): the lower index comes first if distances are equal
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

NearestNeighbors no_neighbors(const Tensor& positions, const Tensor& lengths, int64_t k) {
  const int64_t B = positions.size(0), L = positions.size(1);
  return {at::full({B, L, k}, -1, lengths.options()), at::zeros({B, L, k}, positions.options())};
}

void on_cpu(const Tensor& positions, const Tensor& lengths, double self_distance, NearestNeighbors& result) {
  const int64_t B = positions.size(0), L = positions.size(1), k = result.indices.size(2);
  const Tensor contiguous = positions.contiguous(), dense_lengths = lengths.contiguous();
  const int64_t* length = dense_lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(positions.scalar_type(), "nearest_neighbors", [&] {
    for (int64_t b = 0; b < B; ++b) {
      neighbors_of_sequence<scalar_t>(contiguous.const_data_ptr<scalar_t>() + b * L * 3, length[b], k, self_distance,
                                      result.indices.mutable_data_ptr<int64_t>() + b * L * k,
                                      result.distances.mutable_data_ptr<scalar_t>() + b * L * k);
    }
  });
}

void on_cuda(const Tensor& positions, const Tensor& lengths, double self_distance, NearestNeighbors& result) {
  const int64_t B = positions.size(0), L = positions.size(1), k = result.indices.size(2);
  const Tensor contiguous = positions.contiguous(), contiguous_lengths = lengths.contiguous();
  AT_DISPATCH_FLOATING_TYPES(positions.scalar_type(), "nearest_neighbors", [&] {
    nearest_neighbors_cuda<scalar_t>({.B = B,
                                      .L = L,
                                      .k = k,
                                      .self_distance = self_distance,
                                      .positions = contiguous.const_data_ptr<scalar_t>(),
                                      .lengths = contiguous_lengths.const_data_ptr<int64_t>(),
                                      .indices = result.indices.mutable_data_ptr<int64_t>(),
                                      .distances = result.distances.mutable_data_ptr<scalar_t>()},
                                     current_cuda_stream(positions.device()));
  });
}

// Number of neighbors that differ, plus the largest difference of a distance.
double nearest_neighbors_error(at::Device device) {
  const Tensor positions = self_check_values({2, 37, 3}, 0.2, device) * 10.0;
  const Tensor lengths = at::tensor({37, 20}, at::kLong).to(device);
  NearestNeighbors got = no_neighbors(positions, lengths, 5);
  on_cuda(positions, lengths, 0.0, got);
  const NearestNeighbors expected = nearest_neighbors_in_blocks(positions, lengths, 5);
  return (got.indices != expected.indices).sum().item<double>() +
         (got.distances - expected.distances).abs().max().item<double>();
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
  TORCH_CHECK(k >= 1, "nearest_neighbors: k = ", k, ", must be at least 1");
  check_lengths("nearest_neighbors", lengths, positions.size(0), positions.size(1), positions.device());
  NearestNeighbors result = no_neighbors(positions, lengths, k);
  update_nearest_neighbors(result, positions, lengths, options);
  return result;
}

void update_nearest_neighbors(NearestNeighbors& result, const Tensor& positions, const Tensor& lengths,
                              const NearestNeighborsOptions& options) {
  check_lengths("nearest_neighbors", lengths, positions.size(0), positions.size(1), positions.device());
  const at::NoGradGuard no_grad;
  const Tensor detached = positions.detach();
  if (detached.is_cpu()) return on_cpu(detached, lengths, options.self_distance, result);
  static SelfCheck kernel("the CUDA kernel of nearest_neighbors", "blocks of distances", 1e-5, nearest_neighbors_error);
  if (detached.is_cuda() && kernel.passes(detached.device()))
    return on_cuda(detached, lengths, options.self_distance, result);
  result = nearest_neighbors_in_blocks(detached, lengths, result.indices.size(2), options);
}

}  // namespace flashrna
