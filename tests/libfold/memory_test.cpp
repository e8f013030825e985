// Memory as a function of length, in training and in sampling: no step may allocate L x L.
#include <gtest/gtest.h>

#include <cstdio>

#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/training_bench.h"
#include "libfold/sampling/sampler.h"
#include "tests/libfold/small_model.h"

namespace flashrna {
namespace {

class TrainingMemory : public testing::TestWithParam<bool> {};

TEST_P(TrainingMemory, GrowsNoFasterThanLength) {
  RunConfig config = small_model();
  config.training.recompute = GetParam();
  const std::vector<TrainingTiming> timings = bench_training(config, {1024, 4096}, 1, at::kCPU, {});
  print_memory(timings);
  expect_linear_memory(timings);
}

INSTANTIATE_TEST_SUITE_P(Blocks, TrainingMemory, testing::Bool(),
                         [](const auto& recompute) { return recompute.param ? "recomputed" : "kept"; });

TEST(RecomputedTraining, HoldsLessThanHalfOfADeepModel) {
  RunConfig config = small_model();
  config.model.blocks = 8;
  const std::int64_t kept = bench_training(config, {512}, 1, at::kCPU, {})[0].peak_bytes;
  config.training.recompute = true;
  const std::int64_t recomputed = bench_training(config, {512}, 1, at::kCPU, {})[0].peak_bytes;
  std::printf("  kept %.1f MB, recomputed %.1f MB\n", kept / 1e6, recomputed / 1e6);
  EXPECT_LT(recomputed, kept / 2);
}

TEST(SamplingMemory, GrowsNoFasterThanLength) {
  const std::vector<SamplingTiming> timings =
      bench_sampling(small_model(), {{"lifted", 1024, 1}, {"lifted", 4096, 1}}, 2, 1, at::kCPU, {});
  print_memory(timings);
  expect_linear_memory(timings);
}

TEST(LongChainModel, MemoryOfTrainingAndSamplingGrowsNoFasterThanLength) {
  RunConfig config = small_long_chain_model();
  config.training.recompute = true;
  const std::vector<TrainingTiming> training = bench_training(config, {1024, 4096}, 1, at::kCPU, {});
  print_memory(training);
  expect_linear_memory(training);
  const std::vector<SamplingTiming> sampling =
      bench_sampling(config, {{"lifted", 1024, 1}, {"lifted", 4096, 1}}, 2, 1, at::kCPU, {});
  print_memory(sampling);
  expect_linear_memory(sampling);
}

// The units of the assembly are corrected beside their copies.
SamplingTiming sample_symmetric(int unit) {
  RunConfig config = small_long_chain_model();
  config.model.attention = "lifted";
  FlowModel model(config.model, config.published);
  model->initialize(0);
  Sampler sampler(config, model, at::kCPU, {.steric_rounds = 1, .relax_rounds = 1});
  SampleRequest request{.lengths = {unit}, .indices = {0}, .steps = 2, .symmetry = "D2"};
  const AllocationRecorder memory(at::kCPU);
  sampler.sample(request);
  return {.length = 4 * unit, .peak_bytes = memory.peak_bytes(), .largest_bytes = memory.largest_bytes()};
}

TEST(SymmetricSampling, MemoryGrowsNoFasterThanLength) {
  const std::vector<SamplingTiming> timings = {sample_symmetric(256), sample_symmetric(1024)};
  print_memory(timings);
  expect_linear_memory(timings);
}

// Control for the tests above: a dense pair representation is detected.
TEST(DenseTraining, IsSeenToGrowWithTheSquareOfLength) {
  RunConfig config = small_model();
  config.model.mode = "orig_2d_bias";
  const std::vector<TrainingTiming> timings = bench_training(config, {64, 256}, 1, at::kCPU, {});
  EXPECT_GT(static_cast<double>(timings[1].largest_bytes) / static_cast<double>(timings[0].largest_bytes), 14.0);
}

}  // namespace
}  // namespace flashrna
