// Random residues in a ball of the size of a native structure, k = 20: the definition, its blocks, and the CPU loops.
#include <benchmark/benchmark.h>

#include <cmath>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

using Search = NearestNeighbors (*)(const at::Tensor&, const at::Tensor&, int64_t, const NearestNeighborsOptions&);

void search(benchmark::State& state, Search neighbors) {
  const int64_t L = state.range(0);
  at::manual_seed(0);
  const at::Tensor positions = at::randn({1, L, 3}) * (3.3 * std::cbrt(static_cast<double>(L)));
  const at::Tensor lengths = at::full({1}, L, at::kLong);
  for (auto _ : state) benchmark::DoNotOptimize(neighbors(positions, lengths, 20, {}).indices.data_ptr());
  state.counters["pairs/s"] =
      benchmark::Counter(static_cast<double>(L * L), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(search, reference, nearest_neighbors_reference)->RangeMultiplier(4)->Range(256, 4096);
BENCHMARK_CAPTURE(search, in_blocks, nearest_neighbors_in_blocks)->RangeMultiplier(4)->Range(256, 4096);
BENCHMARK_CAPTURE(search, cpu, nearest_neighbors)->RangeMultiplier(4)->Range(256, 4096);

}  // namespace
}  // namespace flashrna
