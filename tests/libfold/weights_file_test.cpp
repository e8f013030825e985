#include "libfold/weights_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "datasets/hdf5/file.h"
#include "kernels/torch_headers.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sampler.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

class WeightsFile : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    write_tiny_dataset(*folder_ / "tiny.h5", five_chains());
    TinyRun run(*folder_ / "tiny.h5");
    run.config.training.steps = 5;
    checkpoint_ = read_checkpoint(run.train(*folder_ / "run").checkpoint);
    // One tensor large enough to be compressed, and numbers that are subnormal in float16.
    checkpoint_.weights["large"] = at::arange(40000, at::kFloat).view({200, 200}) * 1e-7;
    checkpoint_.ema["large"] = -checkpoint_.weights["large"];
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path(const std::string& name) { return *folder_ / name; }
  static Checkpoint written_and_read(const std::string& name, const Checkpoint& checkpoint, bool averaged) {
    write_weights(path(name), checkpoint, {"0.1.0", "cafe", "CC0", "for a test"}, averaged, false);
    return read_checkpoint(path(name));
  }
  static void expect_rounded(const NamedTensors& got, const NamedTensors& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [name, tensor] : expected) {
      ASSERT_TRUE(got.contains(name)) << name;
      EXPECT_TRUE(at::equal(got.at(name), tensor.to(at::kHalf).to(at::kFloat))) << name;
    }
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static Checkpoint checkpoint_;
};
std::unique_ptr<TemporaryFolder> WeightsFile::folder_;
Checkpoint WeightsFile::checkpoint_;

TEST_F(WeightsFile, WrittenAgainKeepsItsNotes) {
  const Checkpoint first = written_and_read("first.h5", checkpoint_, true);
  EXPECT_EQ(first.license, "CC0");
  write_weights(path("notes.h5"), first, {.license = "CC-BY-4.0"}, true, false);
  const Checkpoint again = read_checkpoint(path("notes.h5"));
  EXPECT_EQ(again.license, "CC-BY-4.0");
  EXPECT_EQ(again.description, "for a test");
  EXPECT_EQ(again.dataset_sha256, "cafe");
}

TEST_F(WeightsFile, KeepsTheGrammarOfStructuresIfThereIsOne) {
  Checkpoint checkpoint = checkpoint_;
  EXPECT_EQ(written_and_read("without_grammar.h5", checkpoint, true).structure_grammar, "");
  EXPECT_FALSE(Hdf5File::open(path("without_grammar.h5")).root().has_attribute("structure_grammar"));
  checkpoint.structure_grammar = "{\"version\":1,\"of\":[0.1,1e-300]}";
  EXPECT_EQ(written_and_read("grammar.h5", checkpoint, true).structure_grammar, checkpoint.structure_grammar);
}

TEST_F(WeightsFile, CanSayHowRotationsGoInItsSamples) {
  write_weights(path("schedule.h5"), checkpoint_,
                {.schedule = RotationSchedule{true, 4.0}, .unpaired_schedule = RotationSchedule{true, 8.0, 0.5}}, true,
                false);
  Checkpoint schedule = read_checkpoint(path("schedule.h5")), plain = written_and_read("plain.h5", checkpoint_, true);
  for (Checkpoint* checkpoint : {&schedule, &plain}) {
    checkpoint->weights.erase("large");
  }
  const FlowConfig changed = Sampler(schedule, "ema", at::kCPU).flow(), same = Sampler(plain, "ema", at::kCPU).flow();
  EXPECT_EQ(schedule_text(changed.sampling_schedule()), "exponential:4");
  EXPECT_EQ(schedule_text(changed.unpaired_schedule()), "exponential:8:0.5");
  EXPECT_EQ(schedule_text(same.sampling_schedule()), "exponential:10");
  EXPECT_EQ(schedule_text(same.unpaired_schedule()), "exponential:10");
}

TEST_F(WeightsFile, HoldsTheAverageAsFloat16AndWhatSamplingNeeds) {
  const Checkpoint read = written_and_read("average.h5", checkpoint_, true);
  expect_rounded(read.weights, checkpoint_.ema);
  EXPECT_TRUE(read.weights_only);
  EXPECT_TRUE(read.averaged);
  EXPECT_TRUE(read.ema.empty());
  EXPECT_TRUE(read.exp_avg.empty());
  EXPECT_EQ(read.step, 5);
  EXPECT_EQ(read.data, checkpoint_.data);
  EXPECT_EQ(read.longest_chain, checkpoint_.longest_chain);
  EXPECT_EQ(read.longest_chain_length, 12);
  const RunConfig before = read_run_config(checkpoint_.configuration, "before");
  const RunConfig after = read_run_config(read.configuration, "after");
  EXPECT_EQ(after.model.node_channels, before.model.node_channels);
  EXPECT_NE(before.data.path, "tiny.h5");
  EXPECT_EQ(after.data.path, "tiny.h5") << "the file holds no path of this machine";
  const Hdf5File file = Hdf5File::open(path("average.h5"));
  EXPECT_EQ(file.root().text("license"), "CC0");
  EXPECT_EQ(file.root().text("dataset_sha256"), "cafe");
  EXPECT_EQ(file.root().open_dataset("weights/large").type(), Hdf5Type::kFloat16);
}

TEST_F(WeightsFile, HoldsTheRawWeightsWhereTheyAreAskedForOrAllThereIs) {
  Checkpoint without = checkpoint_;
  without.ema.clear();
  for (const Checkpoint& read :
       {written_and_read("raw.h5", checkpoint_, false), written_and_read("without.h5", without, true)}) {
    expect_rounded(read.weights, checkpoint_.weights);
    EXPECT_FALSE(read.averaged);
  }
  // A weights file made from a weights file has the same metadata.
  EXPECT_TRUE(written_and_read("again.h5", written_and_read("once.h5", checkpoint_, true), true).averaged);
}

TEST_F(WeightsFile, HoldsTheMeanOfTwoCheckpointsOfOneModel) {
  Checkpoint other = checkpoint_, mean = checkpoint_;
  for (auto& [name, tensor] : other.ema) tensor = tensor * 3;
  average_with(mean, other, true);
  NamedTensors expected;
  for (const auto& [name, tensor] : checkpoint_.ema) expected[name] = tensor * 2;
  expect_rounded(written_and_read("mean.h5", mean, true).weights, expected);
  EXPECT_TRUE(at::equal(mean.weights.at("large"), checkpoint_.weights.at("large"))) << "these are not written";
  // A weights file beside a checkpoint: its weights beside the moving average.
  const Checkpoint file = written_and_read("other.h5", other, true);
  mean = checkpoint_;
  average_with(mean, file, true);
  EXPECT_TRUE(at::allclose(mean.ema.at("large"), checkpoint_.ema.at("large") * 2, 1e-3, 1e-7));

  other.ema["large"] = at::zeros({3});
  EXPECT_THROW(average_with(mean, other, true), Error);
  other.ema.erase("large");
  EXPECT_THROW(average_with(mean, other, true), Error);
  EXPECT_THROW(average_with(other, checkpoint_, true), Error);
}

TEST_F(WeightsFile, TheSameCheckpointGivesTheSameBytes) {
  written_and_read("one.h5", checkpoint_, true);
  written_and_read("two.h5", checkpoint_, true);
  EXPECT_FALSE(read_text(path("one.h5")).empty());
  EXPECT_TRUE(read_text(path("one.h5")) == read_text(path("two.h5")));
}

TEST_F(WeightsFile, AValueBeyondFloat16NamesItsTensorAndNothingIsWritten) {
  for (const double value : {65520.0, -1e6, std::nan("")}) {
    Checkpoint checkpoint = checkpoint_;
    checkpoint.ema["large"] = checkpoint_.ema["large"].clone();
    checkpoint.ema["large"][3][4] = value;
    const std::string message = message_of([&] { write_weights(path("refused.h5"), checkpoint, {}, true, false); });
    EXPECT_NE(message.find(":/ema/large: 1 of its 40000 values cannot be float16, the first is"), std::string::npos)
        << message;
    EXPECT_FALSE(std::filesystem::exists(path("refused.h5")));
  }
}

TEST_F(WeightsFile, AFileThatExistsIsReplacedOnlyWhenAsked) {
  written_and_read("there.h5", checkpoint_, true);
  const std::string before = read_text(path("there.h5"));
  EXPECT_THROW(write_weights(path("there.h5"), checkpoint_, {}, false, false), Error);
  EXPECT_TRUE(read_text(path("there.h5")) == before);
  write_weights(path("there.h5"), checkpoint_, {}, false, true);
  EXPECT_FALSE(read_checkpoint(path("there.h5")).averaged);
}

TEST_F(WeightsFile, TrainingCannotGoOnFromIt) {
  TinyRun run(path("tiny.h5"));
  run.config.training.steps = 2;
  const std::string checkpoint = run.train(path("stopped")).checkpoint;
  write_weights(checkpoint, read_checkpoint(checkpoint), {}, true, true);
  EXPECT_EQ(message_of([&] { run.resume(path("stopped")); }),
            checkpoint +
                ": a weights file, for sampling: it holds no state of the optimizer, so that training cannot go on "
                "from it; resume from a checkpoint that `flashrna train` wrote");
}

// A weight is rounded by at most 2^-11 of its value; four steps of this network propagate about 1e-3 of the noise's 10
// Å.
TEST_F(WeightsFile, SamplesAreThoseOfTheCheckpointButForTheRoundingOfWeights) {
  Checkpoint checkpoint = checkpoint_;
  checkpoint.ema.erase("large");
  checkpoint.weights.erase("large");
  const Checkpoint rounded = written_and_read("sampled.h5", checkpoint, true);
  Sampler exact(checkpoint, "ema", at::kCPU), float16(rounded, "ema", at::kCPU);
  const SampledBackbone a = exact.sample({12}, {0}, 5, 4).front(), b = float16.sample({12}, {0}, 5, 4).front();
  double largest = 0.0;
  for (std::size_t i = 0; i < a.frames.size(); ++i)
    largest = std::max(largest, (a.frames[i].translation - b.frames[i].translation).norm());
  std::cout << "  largest difference: " << largest << " Å\n";
  EXPECT_GT(largest, 0.0);
  EXPECT_LT(largest, 0.01);
  EXPECT_EQ(message_of([&] { Sampler(rounded, "raw", at::kCPU); }),
            rounded.path + ": holds the moving average of the weights alone; leave --weights raw out");
}

}  // namespace
}  // namespace flashrna
