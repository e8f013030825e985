// Three atoms per residue, loss and gradient: the definition with its autograd, tiles in ATen, and the CPU loops.
#include <benchmark/benchmark.h>

#include "kernels/pair_distance_loss/pair_distance_loss.h"
#include "kernels/pair_distance_loss/pair_distance_loss_backends.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

constexpr int64_t kAtoms = 3;

at::Tensor with_autograd(at::Tensor (*loss)(const at::Tensor&, const at::Tensor&, const at::Tensor&),
                         const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& mask) {
  const at::Tensor x = predicted.detach().requires_grad_();
  loss(x, truth, mask).sum().backward();
  return x.grad();
}

at::Tensor reference(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& mask) {
  return with_autograd(pair_distance_loss_reference, predicted, truth, mask);
}

at::Tensor tiled(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& mask) {
  return pair_distance_loss_tiled(predicted, truth, mask, /*with_gradient=*/true).gradient;
}

at::Tensor cpu(const at::Tensor& predicted, const at::Tensor& truth, const at::Tensor& mask) {
  return with_autograd(pair_distance_loss, predicted, truth, mask);
}

void gradient(benchmark::State& state, at::Tensor (*compute)(const at::Tensor&, const at::Tensor&, const at::Tensor&)) {
  const int64_t L = state.range(0);
  at::manual_seed(0);
  const at::Tensor truth = at::randn({1, L, kAtoms, 3}) * 20, predicted = truth + at::randn_like(truth);
  const at::Tensor mask = at::ones({1, L, kAtoms}, at::kBool);
  for (auto _ : state) benchmark::DoNotOptimize(compute(predicted, truth, mask).data_ptr());
  state.counters["pairs/s"] =
      benchmark::Counter(static_cast<double>(L * L * kAtoms * kAtoms), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(gradient, reference, reference)->RangeMultiplier(4)->Range(64, 1024);
BENCHMARK_CAPTURE(gradient, tiled, tiled)->RangeMultiplier(4)->Range(64, 4096);
BENCHMARK_CAPTURE(gradient, cpu, cpu)->RangeMultiplier(4)->Range(64, 4096);

}  // namespace
}  // namespace flashrna
