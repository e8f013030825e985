// The default size (8 heads of 128 channels, 8 and 12 points, rank 2), one sequence: dense and lifted, forward and
// backward. FLOP/s count useful operations only: unpadded heads, flash_ipa_forward_flops().
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

FlashIpaInput make_input(int64_t L) { return make_flash_ipa_example({.lengths = {L}}, at::kFloat, at::kCPU); }

void count_flops(benchmark::State& state, double passes) {
  const auto [H, C, P_q, P_v, R, c] = FlashIpaSizes();
  const double flops = passes * flash_ipa_forward_flops(state.range(0), H, C, P_q, P_v, R, c);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void forward(benchmark::State& state, AttentionBackend backend) {
  const at::NoGradGuard no_grad;
  const FlashIpaInput in = make_input(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(flash_ipa(in, backend).scalars.data_ptr());
  count_flops(state, 1);
}

void training(benchmark::State& state, AttentionBackend backend) {
  FlashIpaInput in = make_input(state.range(0));
  const std::vector<at::Tensor*> inputs = {&in.q,        &in.k,      &in.v,      &in.q_points, &in.k_points,
                                           &in.v_points, &in.bias_q, &in.bias_k, &in.pair_q,   &in.pair_k};
  for (at::Tensor* input : inputs) input->requires_grad_();
  for (auto _ : state) {
    const FlashIpaOutput out = flash_ipa(in, backend);
    (out.scalars.sum() + out.points.sum() + out.point_norms.sum() + out.pairs.sum()).backward();
    benchmark::DoNotOptimize(in.q.grad().data_ptr());
  }
  count_flops(state, 3);
}

BENCHMARK_CAPTURE(forward, dense, AttentionBackend::kDense)->RangeMultiplier(4)->Range(64, 1024);
BENCHMARK_CAPTURE(forward, lifted, AttentionBackend::kLifted)->RangeMultiplier(4)->Range(64, 4096);
BENCHMARK_CAPTURE(training, dense, AttentionBackend::kDense)->RangeMultiplier(4)->Range(64, 1024);
BENCHMARK_CAPTURE(training, lifted, AttentionBackend::kLifted)->RangeMultiplier(4)->Range(64, 4096);

}  // namespace
}  // namespace flashrna
