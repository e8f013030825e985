// Compares a training step, sampling and the corrections of a sample on a GPU with the CPU: the first test on a new
// device after `flashrna doctor`. Skipped without a GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/relaxation.h"
#include "libfold/backbone/steric_move.h"
#include "libfold/bench/random_input.h"
#include "libfold/conditioning.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "libfold/run_config.h"
#include "libfold/sampling/sampler.h"
#include "libfold/training/training_step.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

using at::Tensor;

// The last device, so that with two devices a tensor left on the first one is detected.
at::Device cuda_device() { return {at::kCUDA, static_cast<c10::DeviceIndex>(count_cuda_devices() - 1)}; }

class OnCuda : public testing::Test {
 protected:
  void SetUp() override {
    if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
    make_current(cuda_device());
  }
};

// Small, with head sizes that the fused kernels of every generation support, and with all losses.
RunConfig small_run() {
  RunConfig config;
  config.model.node_channels = 64;
  config.model.pair_channels = 32;
  config.model.blocks = 2;
  config.model.attention_channels = 64;
  config.model.attention_heads = 4;
  config.model.transformer_layers = 1;
  config.model.attention = "lifted";
  config.losses.atoms = 13;
  config.losses.bond_weight = config.losses.angle_weight = config.losses.clash_weight = 1.0;
  config.training.self_conditioning = 0.0;
  return config;
}

// Two chains, the second shorter.
Batch ragged_batch() {
  const Batch longer = random_batch(150), shorter = random_batch(97);
  const int64_t padding = 150 - 97;
  const auto stacked = [&](const Tensor& a, const Tensor& b, const Tensor& pad) {
    std::vector<int64_t> shape = a.sizes().vec();
    shape[1] = padding;
    return at::cat({a, at::cat({b, pad.to(a.scalar_type()).expand(shape)}, 1)});
  };
  Batch batch;
  batch.chain_ids = {"longer", "shorter"};
  batch.lengths = at::cat({longer.lengths, shorter.lengths});
  batch.residue_index = stacked(longer.residue_index, shorter.residue_index, at::zeros({1, 1}));
  batch.translations = stacked(longer.translations, shorter.translations, at::zeros({1, 1, 3}));
  batch.rotations = stacked(longer.rotations, shorter.rotations, at::eye(3).view({1, 1, 3, 3}));
  batch.torsions = stacked(longer.torsions, shorter.torsions, at::tensor({0.0f, 1.0f}).view({1, 1, 1, 2}));
  batch.torsion_mask = stacked(longer.torsion_mask, shorter.torsion_mask, at::zeros({1, 1, kTorsions}));
  batch.chi = stacked(longer.chi, shorter.chi, at::tensor({0.0f, 1.0f}).view({1, 1, 2}));
  batch.chi_mask = stacked(longer.chi_mask, shorter.chi_mask, at::zeros({1, 1}));
  batch.partner = stacked(longer.partner, shorter.partner, at::full({1, 1}, kUnspecified));
  batch.nucleotide = stacked(longer.nucleotide, shorter.nucleotide, at::full({1, 1}, kLetterUnspecified));
  batch.chain = at::zeros_like(batch.residue_index);
  return batch;
}

// Sets parameters like those after some training; initially the last layers are zero, and with them most gradients.
// `rounded`: to half precision, the rounding of the fused kernels.
void set_parameters(const std::vector<std::pair<std::string, Tensor>>& parameters, bool rounded) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) {
    const Tensor noise = RandomStream(5, name).normal(parameter.sizes()).to(at::kFloat) * 0.03;
    Tensor value = parameter.cpu() + noise;
    if (rounded) value = value.to(at::kHalf).to(at::kFloat);
    parameter.copy_(value);
  }
}

double norm_of(const Tensor& x) { return x.norm().item<double>(); }
double difference(const Tensor& got, const Tensor& expected) { return norm_of(got - expected) / norm_of(expected); }

void expect_error(const std::string& name, double error, double allowed) {
  std::printf("  %s: %.1e (allowed %.1e)\n", name.c_str(), error, allowed);
  EXPECT_LE(error, allowed) << name;
}

// Training -----------------------------------------------------------------------------------------------------------

struct StepResult {
  Tensor terms, gradients;  // f64, on the CPU; gradients concatenated
};

StepResult training_step(const RunConfig& config, at::Device device, bool rounded = false) {
  TrainingStep step(config, device);
  step.model()->initialize(1);
  set_parameters(step.parameters(), rounded);
  const TrainingStep::Result evaluation = step.add_gradients(ragged_batch(), 3, 0, 1.0);
  std::vector<Tensor> gradients;
  for (const auto& [name, parameter] : step.parameters()) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad().flatten().cpu().to(at::kDouble));
  }
  return {stacked_terms(evaluation.losses).detach().cpu(), at::cat(gradients)};
}

// f32 with another summation order over a few layers. On a CPU, dense and lifted differ by 2e-7.
constexpr double kTermsF32 = 1e-5, kGradientsF32 = 1e-4;

class TrainingStepOnCuda : public OnCuda {
 protected:
  // Allows twice the difference between `plain`, a CPU run with the same rounding, and the reference.
  static void expect_like_cpu(const RunConfig& on_gpu, const StepResult& expected, const StepResult& plain) {
    const StepResult got = training_step(on_gpu, cuda_device());
    ASSERT_TRUE(got.gradients.isfinite().all().item<bool>());
    expect_error("losses", difference(got.terms, expected.terms),
                 kTermsF32 + 2 * difference(plain.terms, expected.terms));
    expect_error("gradients", difference(got.gradients, expected.gradients),
                 kGradientsF32 + 2 * difference(plain.gradients, expected.gradients));
  }
};

TEST_F(TrainingStepOnCuda, InF32EqualsTheCpu) {
  for (const bool self_conditioned : {false, true}) {
    RunConfig config = small_run();
    config.training.self_conditioning = self_conditioned ? 1.0 : 0.0;
    const StepResult expected = training_step(config, at::kCPU);
    expect_like_cpu(config, expected, expected);
  }
}

TEST_F(TrainingStepOnCuda, WithRecomputedActivationsEqualsTheCpu) {
  RunConfig config = small_run();
  const StepResult expected = training_step(config, at::kCPU);
  config.training.recompute = true;
  expect_like_cpu(config, expected, expected);
}

TEST_F(TrainingStepOnCuda, WithEdgesVotesConditionsAndEveryLossEqualsTheCpu) {
  RunConfig config = small_run();
  ModelConfig& model = config.model;
  model.positions = "relative";
  model.chain_neighbors = 8;
  model.local_edges = model.edge_votes = 32;
  model.condition_pairs = model.condition_letters = model.condition_motifs = model.condition_motif_groups = true;
  model.letter_head = true;
  model.torsions = 9;
  config.conditioning.motif_rate = 1.0;
  config.conditioning.free_motifs = 1.0;
  config.flow.prior = "chain";
  config.losses.link_torsion_weight = config.losses.local_weight = 1.0;
  config.losses.pair_weight = config.losses.letter_weight = 1.0;
  const StepResult expected = training_step(config, at::kCPU);
  expect_like_cpu(config, expected, expected);
  config.training.recompute = true;
  expect_like_cpu(config, expected, expected);
}

TEST_F(TrainingStepOnCuda, WithFusedAttentionDiffersByItsRounding) {
  RunConfig config = small_run();
  const StepResult expected = training_step(config, at::kCPU), plain = training_step(config, at::kCPU, true);
  config.model.attention = "fused";
  for (const char* precision : {"fast", "strict"}) {
    config.model.attention_precision = precision;
    expect_like_cpu(config, expected, plain);
  }
}

TEST_F(TrainingStepOnCuda, InBf16DiffersByItsRounding) {
  RunConfig config = small_run();
  const StepResult expected = training_step(config, at::kCPU);
  config.training.precision = "bf16";
  expect_like_cpu(config, expected, training_step(config, at::kCPU));
}

TEST_F(TrainingStepOnCuda, IsTheSameBitForBitInTwoRunsWithFusedAttention) {
  RunConfig config = small_run();
  config.model.attention = "fused";
  const StepResult one = training_step(config, cuda_device()), two = training_step(config, cuda_device());
  EXPECT_TRUE(at::equal(one.terms, two.terms));
}

// Sampling -----------------------------------------------------------------------------------------------------------

// Positions and rotations of all samples, f64.
Tensor sampled(const RunConfig& config, at::Device device, bool rounded = false) {
  const at::NoGradGuard no_grad;
  FlowModel model(config.model, config.published);
  model->initialize(1);
  set_parameters(model->parameters_by_name(), rounded);
  model->to(device);
  std::vector<double> numbers;
  for (const SampledBackbone& backbone : Sampler(config, model, device).sample({60, 60, 60}, {0, 1, 2}, 4, 3)) {
    for (const RigidTransform& frame : backbone.frames) {
      for (int i = 0; i < 3; ++i) numbers.push_back(frame.translation[i]);
    }
  }
  return at::tensor(numbers, at::kDouble);
}

TEST_F(OnCuda, SamplesAreThoseOfTheCpu) {
  RunConfig config = small_run();
  const Tensor expected = sampled(config, at::kCPU), plain = sampled(config, at::kCPU, true);
  expect_error("lifted", difference(sampled(config, cuda_device()), expected), 1e-4);
  config.model.attention = "fused";
  for (const char* precision : {"fast", "strict"}) {
    config.model.attention_precision = precision;
    expect_error(std::string("fused ") + precision, difference(sampled(config, cuda_device()), expected),
                 1e-4 + 2 * difference(plain, expected));
  }
}

// The second call replays what the first one recorded.
TEST_F(OnCuda, SamplesByGraphsAreThoseWithoutToTheBit) {
  RunConfig config = small_run();
  config.training.self_conditioning = 0.5;
  for (const char* attention : {"lifted", "fused"}) {
    config.model.attention = attention;
    FlowModel model(config.model, config.published);
    model->initialize(1);
    set_parameters(model->parameters_by_name(), false);
    model->to(cuda_device());
    const auto two_calls = [&](bool use_graphs) {
      Sampler sampler(config, model, cuda_device(), {.steric_rounds = 3, .use_graphs = use_graphs});
      std::vector<double> numbers;
      for (const std::vector<std::uint64_t>& indices : {std::vector<std::uint64_t>{0, 1}, {2, 3}}) {
        for (const SampledBackbone& backbone : sampler.sample({60, 41}, indices, 4, 6))
          for (const RigidTransform& frame : backbone.frames)
            numbers.insert(numbers.end(), frame.translation.data(), frame.translation.data() + 3);
      }
      EXPECT_EQ(sampler.uses_graphs(), use_graphs) << attention;
      return numbers;
    };
    EXPECT_TRUE(two_calls(true) == two_calls(false)) << attention;
  }
}

// Corrections --------------------------------------------------------------------------------------------------------

// Residues at random positions in a ball: they overlap, and all links are wrong.
FlowModelOutput crowded_backbone() {
  const int64_t B = 2, L = 60;
  FlowModelOutput backbone;
  backbone.rotations = so3_exp(RandomStream(3, "rotations").normal({B, L, 3}));
  backbone.translations = 8.0 * RandomStream(3, "translations").normal({B, L, 3});
  const Tensor torsions = RandomStream(3, "torsions").normal({B, L, kTorsions, 2});
  backbone.torsions = torsions / torsions.norm(2, -1, true);
  return backbone;
}

FlowModelOutput to(const FlowModelOutput& backbone, at::Device device) {
  return {backbone.translations.to(device), backbone.rotations.to(device), backbone.torsions.to(device)};
}

TEST_F(OnCuda, CorrectionsOfASampleAreThoseOfTheCpu) {
  const FlowModelOutput backbone = crowded_backbone();
  const Tensor lengths = at::tensor({60, 41}, at::kLong), index = at::arange(60, at::kLong).repeat({2, 1});
  const auto apart = [&](at::Device device) {
    const FlowModelOutput on = to(backbone, device);
    return moved_apart(on.rotations, on.translations, on.torsions, index.to(device), lengths.to(device), 20).cpu();
  };
  const auto mended = [&](at::Device device) {
    return to(relaxed(to(backbone, device), lengths.to(device), {.rounds = 30}), at::kCPU);
  };
  // In f64; one neighbor more or less exceeds the tolerance.
  expect_error("moved apart", difference(apart(cuda_device()), apart(at::kCPU)), 1e-9);
  const FlowModelOutput got = mended(cuda_device()), expected = mended(at::kCPU);
  // Adam amplifies rounding where a gradient is nearly zero.
  expect_error("relaxed translations", difference(got.translations, expected.translations), 1e-6);
  expect_error("relaxed rotations", difference(got.rotations, expected.rotations), 1e-6);
  expect_error("relaxed torsions", difference(got.torsions, expected.torsions), 1e-6);
}

}  // namespace
}  // namespace flashrna
