// The sampler's step as a CUDA graph, on the stand-in: the bits of the same steps without a graph, and what a step
// costs.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/sampler.h"
#include "rna/torsion.h"
#include "tests/libfold/small_model.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

using at::Tensor;
using stand_in::Counts;
using stand_in::counts;

const at::Device kDevice(at::kCUDA, 1);
constexpr int kSteps = 7;  // pairs are mended in the third to the sixth

class SamplerGraph : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(count_cuda_devices(), stand_in::kDevices);
    make_current(kDevice);
  }
};

// Random weights, of which the layers that begin at zero get small values.
FlowModel random_model(const RunConfig& config) {
  FlowModel model(config.model, config.published);
  model->initialize(3);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : model->parameters_by_name())
    parameter.add_(0.02 * RandomStream(4, "weights/" + name).normal(parameter.sizes()));
  model->to(kDevice);
  return model;
}

RunConfig published() {
  RunConfig config = small_model();
  config.model.attention = "lifted";
  return config;
}

// The parts of configs/rna.ini, and groups.
RunConfig every_part() {
  RunConfig config = small_long_chain_model();
  config.model.attention = "lifted";
  config.model.condition_motif_groups = true;
  config.model.torsions = 9;
  config.flow.rotation_noise = "uniform";
  return config;
}

SampleRequest plain(std::vector<int> lengths = {30, 21}, std::uint64_t first = 0) {
  return {.lengths = std::move(lengths), .indices = {first, first + 1}, .seed = 4, .steps = kSteps};
}

SampleRequest with_pairs() {
  SampleRequest request = plain();
  request.conditioning.partner = at::full({2, 30}, kUnspecified, at::kLong);
  request.conditioning.nucleotide = at::full({2, 30}, kLetterUnspecified, at::kLong);
  for (std::int64_t i = 0; i < 7; ++i) {
    request.conditioning.partner.select(1, i).fill_(20 - i);
    request.conditioning.partner.select(1, 20 - i).fill_(i);
    request.conditioning.nucleotide.select(1, i).fill_(2);
    request.conditioning.nucleotide.select(1, 20 - i).fill_(1);
  }
  return request;
}

// Residues 5 to 10 and 15 to 18 are given, as two groups that move relative to each other, or as one that stays.
SampleRequest with_motif(bool free_groups) {
  SampleRequest request = plain({24});
  request.indices = {0};
  request.conditioning.fixed = at::zeros({1, 24}, at::kBool);
  request.conditioning.fixed.narrow(1, 5, 6).fill_(true);
  request.conditioning.fixed.narrow(1, 15, 4).fill_(true);
  if (free_groups) {
    request.conditioning.fixed_group = at::full({1, 24}, -1, at::kLong);
    request.conditioning.fixed_group.narrow(1, 5, 6).fill_(4);
    request.conditioning.fixed_group.narrow(1, 15, 4).fill_(2);
  }
  const Tensor along = at::arange(24, at::kDouble) * 5.5;
  request.given.translations = at::stack({along, along.sin() * 4, along.cos() * 4}, 1).unsqueeze(0);
  request.given.rotations = at::eye(3, at::kDouble).expand({1, 24, 3, 3}).contiguous();
  request.given.torsions = at::tensor({0.6, 0.8}, at::kDouble).expand({1, 24, kTorsions, 2}).contiguous();
  return request;
}

SampleRequest symmetric() {
  SampleRequest request = plain({16, 13});
  request.symmetry = "C3";
  return request;
}

// All numbers of the samples and of the states and predictions that an observer sees.
std::vector<double> numbers_of(Sampler& sampler, const SampleRequest& request) {
  std::vector<double> numbers;
  const auto add = [&](const Tensor& tensor) {
    if (!tensor.defined()) return;
    const Tensor values = tensor.to(at::kCPU, at::kDouble).contiguous();
    numbers.insert(numbers.end(), values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
  };
  const auto backbones = sampler.sample(request, {}, [&](const SamplingStep& step) {
    for (const Tensor& tensor :
         {step.state.translations, step.state.rotations, step.prediction.translations, step.prediction.rotations,
          step.prediction.torsions, step.prediction.letters, step.prediction.chi})
      add(tensor);
  });
  for (const SampledBackbone& backbone : backbones) {
    for (const RigidTransform& frame : backbone.frames)
      for (int i = 0; i < 3; ++i) numbers.push_back(frame.translation[i]);
    for (const auto& torsion : backbone.torsions) numbers.insert(numbers.end(), torsion.begin(), torsion.end());
  }
  return numbers;
}

struct Case {
  std::string name;
  RunConfig config;
  std::vector<SampleRequest> requests;  // one after another
  int recordings;                       // of all of them
};

std::vector<Case> cases() {
  const RunConfig plainest = published(), full = every_part();
  RunConfig without = full, stochastic = plainest;
  without.training.self_conditioning = 0;
  stochastic.flow.stochasticity = 0.2;
  // Without a previous prediction (the first step), with one, and with mended pairs: a graph each, the first of them
  // from the second request on.
  return {{"published", plainest, {plain(), plain({21, 30}, 5), plain()}, 2},
          {"every part", full, {plain(), plain({30, 12}, 5)}, 2},
          {"equal lengths are another graph", full, {plain(), plain({30, 30})}, 2},
          {"without self-conditioning", without, {plain(), plain({30, 12}, 5)}, 1},
          {"a stochastic flow", stochastic, {plain(), plain({30, 12}, 5)}, 2},
          {"pairs and letters", full, {with_pairs(), with_pairs()}, 3},
          {"a motif", full, {with_motif(false), with_motif(false)}, 2},
          {"free groups", full, {with_motif(true), with_motif(true)}, 2},
          {"copies", plainest, {symmetric(), symmetric()}, 2}};
}

TEST_F(SamplerGraph, GivesTheBitsOfTheStepsWithoutIt) {
  SamplingControl control{.steric_rounds = 2, .relax_rounds = 2, .pair_rounds = 2, .use_graphs = true};
  for (const Case& one : cases()) {
    const FlowModel model = random_model(one.config);
    Sampler graphed(one.config, model, kDevice, control);
    control.use_graphs = false;
    Sampler plain(one.config, model, kDevice, control);
    control.use_graphs = true;
    const Counts before = counts();
    for (std::size_t i = 0; i < one.requests.size(); ++i) {
      const std::vector<double> got = numbers_of(graphed, one.requests[i]),
                                expected = numbers_of(plain, one.requests[i]);
      ASSERT_EQ(got.size(), expected.size());
      EXPECT_TRUE(got == expected) << one.name << ", request " << i;
    }
    EXPECT_EQ((counts() - before).recordings, one.recordings) << one.name;
    EXPECT_GT((counts() - before).replays, 0) << one.name;
  }
}

TEST_F(SamplerGraph, AStepIsALaunchAndACopyOfWhatChangesWithoutWaitOrMemory) {
  for (const double stochasticity : {0.0, 0.2}) {
    RunConfig config = every_part();
    config.flow.stochasticity = stochasticity;
    Sampler sampler(config, random_model(config), kDevice, {.steric_rounds = 20});
    const auto counts_of = [&](int steps) {
      SampleRequest request = plain();
      request.steps = steps;
      const Counts before = counts();
      sampler.sample(request);
      return counts() - before;
    };
    counts_of(4), counts_of(4);
    const Counts step = counts_of(13) - counts_of(12);
    EXPECT_EQ(step.replays, 1);
    EXPECT_EQ(step.recordings, 0);
    // The graph; the time, the state (two tensors) and the previous prediction; two tensors of noise.
    EXPECT_EQ(step.operations, stochasticity > 0 ? 7 : 5);
    EXPECT_EQ(step.waits, 0);
    EXPECT_EQ(step.allocations, 0);
  }
}

TEST_F(SamplerGraph, SeesWeightsThatChangeAndWeightsThatMove) {
  const RunConfig config = published();
  FlowModel model = random_model(config);
  Sampler graphed(config, model, kDevice), plain_steps(config, model, kDevice, {.use_graphs = false});
  const at::NoGradGuard no_grad;
  const std::vector<double> first = numbers_of(graphed, plain());
  for (Tensor& weights : model->parameters()) weights.mul_(1.25);
  const std::vector<double> changed = numbers_of(graphed, plain());
  EXPECT_TRUE(changed == numbers_of(plain_steps, plain()));
  EXPECT_FALSE(changed == first);
  for (Tensor& weights : model->parameters()) weights.set_data(weights * 0.5);
  const std::vector<double> moved = numbers_of(graphed, plain());
  EXPECT_TRUE(moved == numbers_of(plain_steps, plain()));
  EXPECT_FALSE(moved == changed);
}

}  // namespace
}  // namespace flashrna
