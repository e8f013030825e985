#include "libfold/bench/training_bench.h"

#include <algorithm>
#include <limits>

#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/random_input.h"
#include "libfold/bench/stopwatch.h"
#include "libfold/training/ema.h"
#include "libfold/training/optimizer.h"
#include "libfold/training/training_step.h"

namespace flashrna {
namespace {

// The parts of a trainer that one step uses.
struct Step {
  Step(const RunConfig& config, at::Device device)
      : training(config, device),
        optimizer(training.parameters()),
        ema(training.parameters(), config.training.ema_decay) {}

  void run(const Batch& batch) {
    // Zeroed in place, because gradients belong to the state, which is not measured.
    for (const auto& [name, parameter] : training.parameters())
      if (parameter.grad().defined()) parameter.grad().zero_();
    const TrainingStep::Result evaluation = training.add_gradients(batch, 0, 0, 1.0);
    const at::Tensor norm = clip_gradients(training.parameters(), 1.0);
    step_terms(stacked_terms(evaluation.losses), norm);  // synchronizes with the GPU, as the trainer does
    optimizer.step(1e-6);
    ema.update(0);
  }

  TrainingStep training;
  AdamW optimizer;
  Ema ema;
};

RunConfig with_self_conditioning(RunConfig config, double share) {
  config.training.self_conditioning = share;
  return config;
}

}  // namespace

TrainingTiming time_training_step(const RunConfig& config, const Batch& batch, int repeats, at::Device device,
                                  const std::function<void()>& on_run) {
  TrainingTiming timing;
  timing.length = batch.translations.size(1);
  const double share = config.training.self_conditioning;
  const std::int64_t resident_before = resident_bytes();
  reset_peak_resident();
  for (const bool self_conditioned : {false, true}) {
    if (self_conditioned ? share == 0 : share == 1) continue;
    Step step(with_self_conditioning(config, self_conditioned ? 1.0 : 0.0), device);
    step.training.model()->initialize(0);
    step.run(random_batch(8, config.model.polymer_kind()));  // allocates gradients and optimizer state
    double fastest = std::numeric_limits<double>::infinity();
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const AllocationRecorder memory(device);
      fastest = std::min(fastest, seconds_of([&] { step.run(batch); }));
      timing.peak_bytes = std::max(timing.peak_bytes, memory.peak_bytes());
      timing.largest_bytes = memory.largest_bytes() < 0 ? -1 : std::max(timing.largest_bytes, memory.largest_bytes());
      if (on_run) on_run();
    }
    timing.seconds += fastest * (self_conditioned ? share : 1.0 - share);
  }
  timing.resident_bytes = device.is_cpu() ? peak_resident_bytes() - resident_before : -1;
  return timing;
}

std::vector<TrainingTiming> bench_training(const RunConfig& config, const std::vector<int>& lengths, int repeats,
                                           at::Device device, const std::function<void()>& on_run) {
  std::vector<TrainingTiming> timings;
  for (const int length : lengths)
    timings.push_back(
        time_training_step(config, random_batch(length, config.model.polymer_kind()), repeats, device, on_run));
  return timings;
}

}  // namespace flashrna
