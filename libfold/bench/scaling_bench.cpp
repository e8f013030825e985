#include "libfold/bench/scaling_bench.h"

#include <limits>
#include <memory>

#include "kernels/torch_headers.h"
#include "libfold/bench/random_input.h"
#include "libfold/bench/stopwatch.h"
#include "libfold/distributed/gradient_reduction.h"
#include "libfold/training/ema.h"
#include "libfold/training/optimizer.h"
#include "libfold/training/training_step.h"

namespace flashrna {
namespace {

struct Timed {
  double seconds = std::numeric_limits<double>::infinity();
  double exposed = 0.0;
};

// The parts of a trainer that one step uses.
class ScaledStep {
 public:
  ScaledStep(const RunConfig& config, at::Device device)
      : training_(config, device),
        overlaps_(!config.training.recompute),
        optimizer_(training_.parameters()),
        ema_(training_.parameters(), config.training.ema_decay) {
    training_.model()->initialize(0);
  }

  // The fastest of `repeats` steps of the group, after one that allocates.
  Timed time(const Batch& batch, const ProcessGroup& group, int repeats, const std::function<void()>& on_run) {
    const std::unique_ptr<GradientReduction> reduction = make_fast_reduction(training_.parameters(), group);
    run(batch, group, *reduction);
    Timed fastest;
    for (int repeat = 0; repeat < repeats; ++repeat) {
      group.barrier();
      reduction->take_exposed_seconds();
      const double seconds = seconds_of([&] { run(batch, group, *reduction); });
      if (seconds < fastest.seconds) fastest = {seconds, reduction->take_exposed_seconds()};
      if (on_run) on_run();
    }
    return fastest;
  }

 private:
  void run(const Batch& batch, const ProcessGroup& group, GradientReduction& reduction) {
    optimizer_.zero_gradients();
    if (overlaps_) reduction.before_last_backward();
    const TrainingStep::Result result = training_.add_gradients(batch, 0, 0, 1.0 / static_cast<double>(group.size()));
    reduction.end_shard();
    reduction.finish();
    const at::Tensor terms = stacked_terms(result.losses);
    group.sum(terms);
    step_terms(terms, clip_gradients(training_.parameters(), 1.0));
    optimizer_.step(1e-6);
    ema_.update(0);
  }

  TrainingStep training_;
  const bool overlaps_;
  AdamW optimizer_;
  Ema ema_;
};

}  // namespace

std::vector<ScalingTiming> bench_scaling(const RunConfig& config, const std::vector<int>& lengths, int repeats,
                                         at::Device device, const ProcessGroup& group,
                                         const std::function<void()>& on_run) {
  RunConfig plain = config;
  plain.training.self_conditioning = 0.0;
  ScaledStep step(plain, device);
  std::vector<ScalingTiming> timings;
  for (const int length : lengths) {
    const Batch batch = random_batch(length);
    ScalingTiming timing;
    timing.length = length;
    if (group.first()) timing.alone = step.time(batch, ProcessGroup(), repeats, on_run).seconds;
    group.barrier();
    const Timed together = step.time(batch, group, repeats, on_run);
    timing.together = together.seconds;
    timing.exposed = together.exposed;
    timings.push_back(timing);
  }
  return timings;
}

}  // namespace flashrna
