#include "libfold/sampling/sampler.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "rna/error.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

// Å. Batch shapes change the order of sums: differences of f32 rounding through a few steps of an untrained model.
constexpr double kBatchRounding = 2e-3;

double largest_difference(const SampledBackbone& a, const SampledBackbone& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.frames.size(); ++i)
    largest = std::max(largest, (a.frames[i].translation - b.frames[i].translation).cwiseAbs().maxCoeff());
  return largest;
}

class SamplerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    write_tiny_dataset(*folder_ / "tiny.h5", five_chains());
    TinyRun run(*folder_ / "tiny.h5");
    run.config.training.steps = 5;
    checkpoint_ = read_checkpoint(run.train(*folder_ / "run").checkpoint);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::unique_ptr<TemporaryFolder> folder_;
  static Checkpoint checkpoint_;
};
std::unique_ptr<TemporaryFolder> SamplerTest::folder_;
Checkpoint SamplerTest::checkpoint_;

TEST_F(SamplerTest, EqualSeedsGiveEqualSamples) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto a = sampler.sample({7, 7}, {0, 1}, 5, 4), b = sampler.sample({7, 7}, {0, 1}, 5, 4);
  EXPECT_EQ(largest_difference(a[0], b[0]), 0.0);
  EXPECT_EQ(largest_difference(a[1], b[1]), 0.0);
  EXPECT_GT(largest_difference(a[0], a[1]), 0.1) << "samples of different indices, Å";
  EXPECT_GT(largest_difference(a[0], sampler.sample({7}, {0}, 6, 4)[0]), 0.1) << "samples of different seeds, Å";
}

TEST_F(SamplerTest, ASampleDoesNotDependOnItsBatch) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const SampledBackbone alone = sampler.sample({7}, {2}, 5, 4).front();
  const SampledBackbone reordered = sampler.sample({7, 7, 7}, {2, 0, 1}, 5, 4)[0];
  const SampledBackbone padded = sampler.sample({12, 7}, {0, 2}, 5, 4)[1];
  ASSERT_EQ(padded.frames.size(), 7u);
  EXPECT_LE(largest_difference(alone, reordered), kBatchRounding) << largest_difference(alone, reordered) << " Å";
  EXPECT_LE(largest_difference(alone, padded), kBatchRounding) << largest_difference(alone, padded) << " Å";
}

TEST_F(SamplerTest, RawAndAveragedWeightsDiffer) {
  Sampler ema(checkpoint_, "ema", at::kCPU), raw(checkpoint_, "raw", at::kCPU);
  EXPECT_GT(largest_difference(ema.sample({7}, {0}, 5, 4)[0], raw.sample({7}, {0}, 5, 4)[0]), 1e-4);
  EXPECT_THROW(Sampler(checkpoint_, "mean", at::kCPU), UsageError);
}

TEST_F(SamplerTest, RotationsAreProper) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const SampledBackbone backbone = sampler.sample({9}, {0}, 5, 4).front();
  for (const RigidTransform& frame : backbone.frames) {
    const double error = (frame.rotation.transpose() * frame.rotation - Mat3::Identity()).cwiseAbs().maxCoeff();
    EXPECT_LE(error, 1e-5) << "deviation from orthonormality";
    EXPECT_NEAR(frame.rotation.determinant(), 1.0, 1e-5);
  }
}

TEST_F(SamplerTest, OneResidueIsSampled) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  EXPECT_EQ(sampler.sample({1}, {0}, 5, 4)[0].frames.size(), 1u);
}

TEST_F(SamplerTest, ADivergedModelIsAnErrorThatNamesTheSample) {
  Checkpoint broken = checkpoint_;
  for (auto& [name, tensor] : broken.ema) tensor = at::full_like(tensor, std::nan(""));
  Sampler sampler(broken, "ema", at::kCPU);
  const std::string message = message_of([&] { sampler.sample({7}, {3}, 5, 4); });
  EXPECT_TRUE(message.starts_with("sample 3 of length 7 (seed 5): a coordinate is not finite")) << message;
}

TEST_F(SamplerTest, WeightsOfAnotherModelAreRefused) {
  Checkpoint other = checkpoint_;
  other.ema.erase(other.ema.begin());
  const std::string message = message_of([&] { Sampler(other, "ema", at::kCPU); });
  EXPECT_NE(message.find("is missing in the file"), std::string::npos) << message;
}

}  // namespace
}  // namespace flashrna
