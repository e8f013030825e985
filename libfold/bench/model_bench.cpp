#include "libfold/bench/model_bench.h"

#include <algorithm>
#include <limits>

#include "kernels/torch_headers.h"
#include "libfold/bench/random_input.h"
#include "libfold/bench/stopwatch.h"
#include "libfold/flow/igso3.h"
#include "libfold/nn/model_flops.h"
#include "libfold/published_conventions.h"

namespace flashrna {
namespace {

// Reading a value of the result synchronizes with the GPU.
double seconds_until_read(const std::function<at::Tensor()>& call) {
  return seconds_of([&] { call().flatten()[0].item<float>(); });
}

}  // namespace

std::vector<ModelTiming> bench_model(const ModelConfig& config, const std::vector<int>& lengths, int repeats,
                                     at::Device device, const std::function<void()>& on_run) {
  constexpr std::int64_t n = 2048;  // size of the square matrices
  const at::Tensor a = at::ones({n, n}, at::TensorOptions().device(device)), b = at::ones_like(a);
  FlowModel model(config, PublishedConventions{});
  model->initialize(0);
  model->to(device);
  std::vector<ModelTiming> timings;
  for (const int length : lengths) {
    const FlowModelInput in = random_network_input(length, 1, device, config.polymer_kind());
    ModelTiming timing{length, flow_model_forward_flops(config, length)};
    timing.forward_seconds = timing.training_seconds = std::numeric_limits<double>::infinity();
    double sgemm = std::numeric_limits<double>::infinity();
    for (int repeat = 0; repeat <= repeats; ++repeat) {
      sgemm = std::min(sgemm, seconds_until_read([&] { return at::mm(a, b); }));
      const double forward = seconds_until_read([&] {
        const at::NoGradGuard no_grad;
        return model->forward(in).translations;
      });
      const double training = seconds_until_read([&] {
        model->zero_grad();
        const FlowModelOutput out = model->forward(in);
        const at::Tensor sum = out.translations.sum() + out.rotations.sum() + out.torsions.sum();
        sum.backward();
        return sum.detach();
      });
      if (repeat > 0) {  // the first run warms up
        timing.forward_seconds = std::min(timing.forward_seconds, forward);
        timing.training_seconds = std::min(timing.training_seconds, training);
      }
      if (on_run) on_run();
    }
    timing.sgemm_flops_per_second = 2.0 * n * n * n / sgemm;
    timings.push_back(timing);
  }
  return timings;
}

double igso3_table_seconds() {
  double angle = 0.0;
  const double seconds = seconds_of([&] { angle = Igso3(1.5).angle(0.5); });
  return angle > 0 ? seconds : 0.0;  // uses the table, so that it is computed
}

}  // namespace flashrna
