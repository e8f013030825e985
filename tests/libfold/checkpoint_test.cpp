#include "libfold/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "datasets/hdf5/file.h"
#include "kernels/torch_headers.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

// Values exactly representable in f32.
NamedTensors some_tensors(double scale) {
  NamedTensors tensors;
  tensors["trunk.ipa_0.linear_q.weight"] = at::arange(12, at::kFloat).view({3, 4}) * scale + 1e-7;
  tensors["trunk.ipa_0.linear_q.bias"] = at::full({3}, -scale / 3, at::kFloat);
  tensors["head_weights"] = at::scalar_tensor(scale, at::kFloat);
  return tensors;
}

Checkpoint some_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.configuration = "[model]\nblocks = 4\n";
  checkpoint.step = 1234567890123;
  checkpoint.epoch = 7;
  checkpoint.batch = 3;
  checkpoint.best_loss = 0.1;
  checkpoint.data = "5 chains 0123456789abcdef";
  checkpoint.structure_grammar = "{\"version\":1}";
  checkpoint.weights = some_tensors(0.1);
  checkpoint.ema = some_tensors(0.2);
  checkpoint.exp_avg = some_tensors(0.3);
  checkpoint.exp_avg_sq = some_tensors(0.4);
  checkpoint.optimizer_step = some_tensors(5);
  return checkpoint;
}

void expect_equal(const NamedTensors& got, const NamedTensors& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.count(name)) << name;
    EXPECT_EQ(got.at(name).sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(at::equal(got.at(name), tensor)) << name;
  }
}

TEST(Checkpoint, ComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  const Checkpoint written = some_checkpoint();
  write_checkpoint(folder / "c.h5", written);
  const Checkpoint read = read_checkpoint(folder / "c.h5");
  EXPECT_EQ(read.path, folder / "c.h5");
  EXPECT_EQ(read.configuration, written.configuration);
  EXPECT_EQ(read.step, written.step);
  EXPECT_EQ(read.epoch, written.epoch);
  EXPECT_EQ(read.batch, written.batch);
  EXPECT_EQ(read.best_loss, written.best_loss);
  EXPECT_EQ(read.data, written.data);
  EXPECT_EQ(read.structure_grammar, written.structure_grammar);
  expect_equal(read.weights, written.weights);
  expect_equal(read.ema, written.ema);
  expect_equal(read.exp_avg, written.exp_avg);
  expect_equal(read.exp_avg_sq, written.exp_avg_sq);
  expect_equal(read.optimizer_step, written.optimizer_step);
}

TEST(Checkpoint, WithoutAnAverageHasNoEmaGroup) {
  const TemporaryFolder folder;
  Checkpoint checkpoint = some_checkpoint();
  checkpoint.ema.clear();
  write_checkpoint(folder / "c.h5", checkpoint);
  EXPECT_FALSE(Hdf5File::open(folder / "c.h5").root().has("ema"));
  EXPECT_TRUE(read_checkpoint(folder / "c.h5").ema.empty());
}

TEST(Checkpoint, AFileOfAnotherFormatIsRefused) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", five_chains());
  EXPECT_EQ(message_of([&] { read_checkpoint(folder / "d.h5"); }),
            (folder / "d.h5") +
                ": not a flashrna checkpoint (its format is \"flashrna-dataset\"); give a file of a "
                "run's folder checkpoints/");
}

TEST(Checkpoint, ALaterVersionIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "c.h5";
  Hdf5OutputFile file(path, false);
  {
    Hdf5Group root = file.root();
    root.set_text("format", "flashrna-checkpoint");
    root.set_integer("version", 2);
  }
  file.commit();
  EXPECT_EQ(message_of([&] { read_checkpoint(path); }),
            path + ": checkpoint version 2, this program reads version 1; use the flashrna that wrote it");
}

TEST(Checkpoint, EveryDifferenceOfNamesAndShapesIsNamedAndNothingIsCopied) {
  const at::Tensor q = at::zeros({3, 4}), bias = at::zeros({5}), other = at::zeros({2});
  const NamedParameters parameters{
      {"trunk.ipa_0.linear_q.weight", q}, {"trunk.ipa_0.linear_q.bias", bias}, {"trunk.ipa_1.linear_q.bias", other}};
  EXPECT_EQ(message_of([&] { copy_into(parameters, some_tensors(0.1), "c.h5:/weights"); }),
            "c.h5:/weights: does not fit the model in 3 of 3 tensors: "
            "trunk.ipa_0.linear_q.bias is [3] in the file, [5] in the model; "
            "trunk.ipa_1.linear_q.bias [2] is missing in the file; "
            "head_weights [] is not in the model; use the configuration stored in the checkpoint");
  EXPECT_EQ(q.abs().sum().item<double>(), 0.0) << "copied although other tensors differ";
}

TEST(Checkpoint, WeightsAreCopiedIntoAnyDtype) {
  const at::Tensor weight = at::zeros({3, 4}, at::kDouble), bias = at::zeros({3}, at::kDouble);
  const at::Tensor head = at::zeros({}, at::kDouble);
  copy_into({{"trunk.ipa_0.linear_q.weight", weight}, {"trunk.ipa_0.linear_q.bias", bias}, {"head_weights", head}},
            some_tensors(0.1), "c.h5");
  EXPECT_TRUE(at::equal(weight, some_tensors(0.1).at("trunk.ipa_0.linear_q.weight").to(at::kDouble)));
}

// A file-size limit simulates a full disk.
TEST(Checkpoint, WeightsFitIntoAModelThatHasGrown) {
  const at::Tensor weight = at::full({4, 6}, 7.0), bias = at::full({4}, 7.0), head = at::zeros({}),
                   added = at::full({2}, 7.0);
  const NamedParameters grown = {{"trunk.ipa_0.linear_q.weight", weight},
                                 {"trunk.ipa_0.linear_q.bias", bias},
                                 {"head_weights", head},
                                 {"added", added}};
  const NamedTensors small = some_tensors(0.1);
  copy_into_grown(grown, small, "w.h5");
  EXPECT_TRUE(at::equal(weight.narrow(0, 0, 3).narrow(1, 0, 4), small.at("trunk.ipa_0.linear_q.weight")));
  EXPECT_TRUE(at::equal(weight.narrow(1, 4, 2).narrow(0, 0, 3), at::zeros({3, 2}))) << "further inputs change nothing";
  EXPECT_TRUE(at::equal(weight[3], at::full({6}, 7.0))) << "further outputs keep their values";
  EXPECT_TRUE(at::equal(bias.narrow(0, 0, 3), small.at("trunk.ipa_0.linear_q.bias")));
  EXPECT_EQ(bias[3].item<float>(), 7.0f);
  EXPECT_TRUE(at::equal(added, at::full({2}, 7.0)));

  const at::Tensor narrow = at::full({3, 3}, 7.0);
  EXPECT_EQ(message_of([&] {
              copy_into_grown({{"trunk.ipa_0.linear_q.weight", narrow}, grown[1], grown[2]}, small, "w.h5");
            }),
            "w.h5: trunk.ipa_0.linear_q.weight has the shape [3, 4], which does not fit into the model's [3, 3]");
  EXPECT_EQ(narrow.min().item<float>(), 7.0f) << "nothing is copied";
  EXPECT_EQ(message_of([&] {
              copy_into_grown({grown[0], grown[1]}, small, "w.h5");
            }),
            "w.h5: the model has no parameter head_weights; give the configuration of a model that contains it");
}

TEST(Checkpoint, AFullDiskLeavesTheOldCheckpointAndNoOtherFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "c.h5";
  write_checkpoint(path, some_checkpoint());
  const std::string before = read_text(path);
  Checkpoint larger = some_checkpoint();
  larger.weights["large"] = at::zeros({1 << 20});

  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{1 << 18, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of([&] { write_checkpoint(path, larger); });
  setrlimit(RLIMIT_FSIZE, &limit);

  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"c.h5"});
  EXPECT_TRUE(read_text(path) == before) << "the old checkpoint changed";
}

// A child process writes checkpoints until it is killed, at times distributed over its writes.
TEST(Checkpoint, AWriterKilledAtAnyMomentLeavesAWholeCheckpoint) {
  const TemporaryFolder folder;
  const std::string path = folder / "c.h5";
  Checkpoint checkpoint = some_checkpoint();
  checkpoint.weights["large"] = at::arange(1 << 18, at::kFloat);
  checkpoint.step = 0;
  write_checkpoint(path, checkpoint);
  for (int kill_after_ms = 1; kill_after_ms <= 40; kill_after_ms += 3) {
    const pid_t child = fork();
    if (child == 0) {
      for (std::int64_t step = 1;; ++step) {
        checkpoint.step = step;
        write_checkpoint(path, checkpoint);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kill_after_ms));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const Checkpoint read = read_checkpoint(path);
    EXPECT_GE(read.step, 0);
    EXPECT_TRUE(at::equal(read.weights.at("large"), checkpoint.weights.at("large"))) << kill_after_ms << " ms";
  }
}

}  // namespace
}  // namespace flashrna
