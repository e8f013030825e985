// Where training.precision = tf32 applies: LibTorch's switch is on in the products of linear layers, forward and
// backward, and off in all others. Their arithmetic on a GPU is not tested: the stand-in computes in f32.
#include <ATen/Context.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/random_input.h"
#include "libfold/mixed_precision.h"
#include "libfold/nn/invariant_point_attention.h"
#include "libfold/random_streams.h"
#include "libfold/training/training_step.h"
#include "tests/libfold/small_model.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

using at::Tensor;

const at::Device kDevice(at::kCUDA, 1);

struct Calls {
  int with = 0, without = 0;  // while the switch was on, off
};

// LibTorch's calls by name, on all threads.
std::mutex mutex;
std::map<std::string, Calls> calls;

std::map<std::string, Calls> calls_of(const std::function<void()>& work) {
  calls.clear();
  const auto handle = at::addGlobalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
        const std::lock_guard lock(mutex);
        Calls& one = calls[function.name()];
        ++(at::globalContext().allowTF32CuBLAS() ? one.with : one.without);
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return calls;
}

class Tf32 : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(count_cuda_devices(), stand_in::kDevices);
    make_current(kDevice);
  }
  void TearDown() override { EXPECT_FALSE(at::globalContext().allowTF32CuBLAS()); }
};

TEST_F(Tf32, IsInTheLinearLayersOfAttentionAndNotInItsPoints) {
  InvariantPointAttention attention(InvariantPointAttentionConfig{
      .node_channels = 16, .pair_channels = 8, .channels = 4, .heads = 2, .query_points = 2, .value_points = 3});
  attention->to(kDevice);
  const auto options = at::TensorOptions(at::kFloat).device(kDevice);
  const Tensor single = at::ones({1, 5, 16}, options).requires_grad_();
  const PairRepresentation pair{.factor_1 = at::ones({1, 5, 2, 8}, options),
                                .factor_2 = at::ones({1, 5, 2, 8}, options)};
  const Frames frames{at::eye(3, options).expand({1, 5, 3, 3}).contiguous(), at::ones({1, 5, 3}, options)};
  const Tensor lengths = at::full({1}, 5, options.dtype(at::kLong));
  attention(single, pair, frames, lengths);  // choices of kernels are made once
  Tensor out;
  auto found = calls_of([&] {
    const ScopedTf32 tf32(true);
    out = attention(single, pair, frames, lengths);
  });
  // Queries, keys and values, two pair biases, two pair values, the output; not the points of queries, keys and values.
  EXPECT_EQ(found["aten::linear"].with, 7);
  EXPECT_EQ(found["aten::linear"].without, 2);
  EXPECT_EQ(found["aten::bmm"].with, 0);
  EXPECT_GT(found["aten::bmm"].without, 0) << "rotations of points";
  found = calls_of([&] { out.sum().backward(); });
  // The stand-in computes a product by another call on the host.
  EXPECT_EQ(found["aten::mm"].with, 2 * (7 + 3)) << "by the weights, and by the single representation";
  EXPECT_GT(found["aten::mm"].without, 0) << "backward of the points";
  EXPECT_EQ(found["aten::bmm"].with, 0);
}

// The terms of a training step, the gradients of all weights, and the calls of LibTorch.
struct StepResult {
  Tensor terms, gradients;
  std::map<std::string, Calls> calls;
};

StepResult step_with(const std::string& precision, bool recompute) {
  RunConfig config = small_model();
  config.model.attention = "lifted";
  config.model.positions = "relative";
  config.model.local_edges = config.model.edge_votes = 16;
  config.training.precision = precision;
  config.training.recompute = recompute;
  config.training.self_conditioning = 0.0;
  TrainingStep step(config, kDevice);
  step.model()->initialize(1);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : step.parameters())
    parameter.add_(0.03 * RandomStream(5, name).normal(parameter.sizes()).to(at::kFloat).to(kDevice));
  const auto run = [&] {
    const at::AutoGradMode with_gradients(true);
    step.model()->zero_grad();
    return stacked_terms(step.add_gradients(random_batch(24), 3, 0, 1.0).losses);
  };
  run();  // choices of kernels are made once
  StepResult result;
  result.calls = calls_of([&] { result.terms = run().cpu(); });
  std::vector<Tensor> gradients;
  for (const auto& [name, parameter] : step.parameters())
    if (parameter.grad().defined()) gradients.push_back(parameter.grad().flatten().cpu());
  result.gradients = at::cat(gradients);
  return result;
}

TEST_F(Tf32, OfATrainingStepIsInLinearLayersAlone) {
  StepResult plain = step_with("f32", false);
  for (const auto& [name, call] : plain.calls) EXPECT_EQ(call.with, 0) << name;
  const auto expect_f32 = [&](const Tensor& got, const Tensor& expected) {
    EXPECT_LE((got - expected).norm().item<double>(), 1e-5 * expected.norm().item<double>());
  };
  StepResult tf32 = step_with("tf32", false), recomputed = step_with("tf32", true);
  for (StepResult* step : {&tf32, &recomputed}) {
    expect_f32(step->terms, plain.terms);
    expect_f32(step->gradients, plain.gradients);
    EXPECT_GT(step->calls["aten::addmm"].with, 0);
    EXPECT_GT(step->calls["aten::mm"].with, 0);
    for (const char* name : {"aten::bmm", "aten::native_layer_norm", "aten::_scaled_dot_product_efficient_attention",
                             "aten::_scaled_dot_product_efficient_attention_backward", "aten::softplus", "aten::norm"})
      EXPECT_EQ(step->calls[name].with, 0) << name;
    EXPECT_GT(step->calls["aten::bmm"].without, 0);
  }
  // Recomputation repeats the forward pass of the blocks with the same precision of each layer.
  const Calls once = tf32.calls["aten::linear"], twice = recomputed.calls["aten::linear"];
  EXPECT_GT(twice.with, once.with);
  EXPECT_LT(twice.with, 2 * once.with);
  EXPECT_GT(twice.without, once.without);
}

}  // namespace
}  // namespace flashrna
