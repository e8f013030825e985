#include "libfold/sampling/trajectory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "kernels/memory_usage.h"
#include "rna/torsion.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

PlannedBatch two_of_seven() {
  SampleConfig config;
  config.lengths = "7";
  config.samples = 2;
  return plan_batches(config).front();
}

class TrajectoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    write_tiny_dataset(*folder_ / "tiny.h5", five_chains());
    TinyRun run(*folder_ / "tiny.h5");
    run.config.training.steps = 2;
    checkpoint_ = read_checkpoint(run.train(*folder_ / "run").checkpoint);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::vector<SampledBackbone> sample_to(const std::string& path, int steps, int every) {
    Sampler sampler(checkpoint_, "ema", at::kCPU);
    const PlannedBatch batch = two_of_seven();
    TrajectoryFile file(path, batch, 5, steps, every);
    auto backbones = sampler.sample(batch.lengths(), batch.indices(), 5, steps, {},
                                    [&](const SamplingStep& step) { file.add(step); });
    file.commit();
    return backbones;
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static Checkpoint checkpoint_;
};
std::unique_ptr<TemporaryFolder> TrajectoryTest::folder_;
Checkpoint TrajectoryTest::checkpoint_;

TEST_F(TrajectoryTest, BeginsWithTheNoiseAndEndsWithTheSample) {
  const auto backbones = sample_to(*folder_ / "whole.h5", 4, 1);
  const Hdf5File file = Hdf5File::open(*folder_ / "whole.h5");
  const Hdf5Group root = file.root();
  EXPECT_EQ(root.open_dataset("state/translations").shape(), (Hdf5Shape{4, 2, 7, 3}));
  EXPECT_EQ(root.open_dataset("prediction/torsion_sin_cos").shape(), (Hdf5Shape{4, 2, 7, 8, 2}));
  EXPECT_EQ(root.open_dataset("samples/name").read_text()[1], "len_00007_sample_001");
  for (const char* name : {"state/translations", "prediction/translations"})
    EXPECT_EQ(root.open_dataset(name).text("unit"), "angstrom");

  const RunConfig config = read_run_config(checkpoint_.configuration, "");
  const FlowState noise = Interpolant(config.flow, config.published).sample_noise({{7, 7}, {0, 1}, 5});
  const auto first = root.open_dataset("state/translations").read<float>();
  const auto last = root.open_dataset("prediction/translations").read<float>();
  const auto last_rotations = root.open_dataset("prediction/rotations").read<float>();
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t i = 0; i < 7; ++i) {
      for (std::size_t x = 0; x < 3; ++x) {
        const std::size_t at = (7 * b + i) * 3 + x;
        EXPECT_EQ(first[at], noise.translations.const_data_ptr<float>()[at]);
        EXPECT_EQ(last[3 * 42 + at], backbones[b].frames[i].translation[static_cast<int>(x)]);
        EXPECT_EQ(last_rotations[3 * 126 + 3 * at], backbones[b].frames[i].rotation(static_cast<int>(x), 0));
      }
    }
  }
  EXPECT_EQ(root.open_dataset("time").read<double>(), (std::vector<double>{0.01, 0.34, 0.67, 1.0}));
}

TEST_F(TrajectoryTest, KeepsEveryNthStepAndTheLast) {
  sample_to(*folder_ / "every.h5", 8, 3);
  const Hdf5File file = Hdf5File::open(*folder_ / "every.h5");
  EXPECT_EQ(file.root().open_dataset("step").read<std::int32_t>(), (std::vector<std::int32_t>{0, 3, 6, 7}));
  EXPECT_EQ(file.root().open_dataset("state/rotations").shape()[0], 4u);
}

TEST_F(TrajectoryTest, ChangesNoSample) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto watched = sample_to(*folder_ / "watched.h5", 4, 1);
  const auto alone = sampler.sample({7, 7}, {0, 1}, 5, 4);
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_EQ(watched[1].frames[i].translation, alone[1].frames[i].translation) << "residue " << i;
}

TEST_F(TrajectoryTest, IsWholeOrAbsent) {
  const std::string path = *folder_ / "absent.h5";
  {
    TrajectoryFile file(path, two_of_seven(), 5, 4, 1);
    EXPECT_FALSE(fs::exists(path));
  }
  for (const std::string& name : names_in(folder_->path())) EXPECT_FALSE(name.starts_with("absent")) << name;
}

// Memory used by the process while it writes a trajectory of `steps` steps of 130 kB each, in bytes.
std::int64_t peak_of_writing(const std::string& path, int steps) {
  PlannedBatch batch;
  batch.samples.push_back({std::make_shared<const Design>(design_of_lengths(std::vector<int>{800})), 0, "one"});
  const FlowState state{at::rand({1, 800, 3}), at::rand({1, 800, 3, 3})};
  FlowModelOutput prediction;
  prediction.translations = at::rand({1, 800, 3});
  prediction.rotations = at::rand({1, 800, 3, 3});
  prediction.torsions = at::rand({1, 800, kTorsions, 2});
  TrajectoryFile file(path, batch, 5, steps, 1);
  reset_peak_resident();
  for (int i = 0; i < steps; ++i) file.add({i, 0.5, state, prediction});
  file.commit();
  return peak_resident_bytes();
}

TEST_F(TrajectoryTest, MemoryDoesNotGrowWithTheSteps) {
  if (!reset_peak_resident()) GTEST_SKIP() << "this system does not tell the peak of a process's memory";
  peak_of_writing(*folder_ / "warm.h5", 100);
  const std::int64_t few = peak_of_writing(*folder_ / "few.h5", 100);
  const std::int64_t many = peak_of_writing(*folder_ / "many.h5", 600);
  const auto written = static_cast<std::int64_t>(fs::file_size(*folder_ / "many.h5"));
  std::cout << "  100 steps: " << few / 1e6 << " MB, 600 steps: " << many / 1e6 << " MB, of a file of "
            << static_cast<double>(written) / 1e6 << " MB\n";
  EXPECT_GT(written, 50'000'000);
  EXPECT_LT(many - few, 4'000'000);
}

TEST(TrajectoryInterval, IsAllOrEveryNth) {
  EXPECT_EQ(trajectory_interval(""), 0);
  EXPECT_EQ(trajectory_interval("all"), 1);
  EXPECT_EQ(trajectory_interval("every:10"), 10);
  for (const char* text : {"every", "every:", "every:0", "every:-1", "every:2x", "10", "none"}) {
    EXPECT_EQ(message_of([&] { trajectory_interval(text); }),
              std::string("--trajectory ") + text + ": must be all, or every:N with N above 0, such as every:10");
  }
}

}  // namespace
}  // namespace flashrna
