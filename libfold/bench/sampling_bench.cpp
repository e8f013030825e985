#include "libfold/bench/sampling_bench.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/random_input.h"
#include "libfold/bench/stopwatch.h"
#include "libfold/sampling/sampler.h"

namespace flashrna {
std::vector<SamplingTiming> bench_sampling(const RunConfig& config, const std::vector<SamplingCase>& cases, int steps,
                                           int repeats, at::Device device, const std::function<void()>& on_run) {
  const at::NoGradGuard no_grad;
  std::vector<SamplingTiming> timings;
  for (const SamplingCase& one : cases) {
    RunConfig with_backend = config;
    with_backend.model.attention = one.backend;
    FlowModel model(with_backend.model, with_backend.published);
    model->initialize(0);
    model->to(device);
    Sampler sampler(with_backend, model, device, {.use_graphs = one.use_graphs});
    const std::vector<int> lengths(static_cast<std::size_t>(one.batch), one.length);
    std::vector<std::uint64_t> indices(lengths.size());
    std::iota(indices.begin(), indices.end(), std::uint64_t{0});
    const FlowModelInput in = random_network_input(one.length, one.batch, device, with_backend.model.polymer_kind());

    constexpr double kNever = std::numeric_limits<double>::infinity();
    SamplingTiming timing{one.backend, one.length, one.batch, steps, kNever, kNever};
    sampler.sample(lengths, indices, 0, 4);  // warm-up; the third step records the graph of most steps
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const AllocationRecorder memory(device);
      const double sampling = seconds_of([&] { sampler.sample(lengths, indices, 0, steps); });
      timing.step_seconds = std::min(timing.step_seconds, sampling / steps);
      timing.peak_bytes = std::max(timing.peak_bytes, memory.peak_bytes());
      timing.largest_bytes = memory.largest_bytes() < 0 ? -1 : std::max(timing.largest_bytes, memory.largest_bytes());
      // As many calls as the sampler makes, so that both use the caches alike. The read synchronizes with the GPU.
      const double forward = seconds_of([&] {
        at::Tensor last;
        for (int step = 0; step < steps; ++step) last = model->forward(in).translations;
        last.flatten()[0].item<float>();
      });
      timing.forward_seconds = std::min(timing.forward_seconds, forward / steps);
      if (on_run) on_run();
    }
    timings.push_back(timing);
  }
  return timings;
}

}  // namespace flashrna
