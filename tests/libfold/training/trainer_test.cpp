#include "libfold/training/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/training/failed_batch.h"
#include "libfold/training/metrics_log.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/training_data.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

// The columns of metrics.csv that are independent of the clock: step, the terms, learning rate, epoch.
std::vector<std::string> clockless(const std::string& folder) {
  std::vector<std::string> rows;
  for (const std::string& line : lines_of(read_text(folder + "/metrics.csv"))) {
    std::size_t end = 0;
    for (int comma = 0; comma < 13; ++comma) end = line.find(',', end) + 1;
    rows.push_back(line.substr(0, end - 1));
  }
  return rows;
}

void expect_equal(const NamedTensors& got, const NamedTensors& expected, const char* what) {
  ASSERT_EQ(got.size(), expected.size());
  ASSERT_GT(got.size(), 0u);
  for (const auto& [name, tensor] : expected) {
    const double difference = (got.at(name) - tensor).abs().max().item<double>();
    EXPECT_TRUE(at::equal(got.at(name), tensor)) << what << " " << name << " differs by " << difference;
  }
}

void expect_same_state(const std::string& got_path, const std::string& expected_path) {
  const Checkpoint got = read_checkpoint(got_path), expected = read_checkpoint(expected_path);
  EXPECT_EQ(got.step, expected.step);
  EXPECT_EQ(got.epoch, expected.epoch);
  EXPECT_EQ(got.batch, expected.batch);
  expect_equal(got.weights, expected.weights, "weight");
  expect_equal(got.ema, expected.ema, "average");
  expect_equal(got.exp_avg, expected.exp_avg, "exp_avg");
  expect_equal(got.exp_avg_sq, expected.exp_avg_sq, "exp_avg_sq");
  expect_equal(got.optimizer_step, expected.optimizer_step, "step");
}

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() { write_tiny_dataset(dataset_, five_chains()); }
  TemporaryFolder folder_;
  const std::string dataset_ = folder_ / "tiny.h5";
};

TEST_F(TrainerTest, EqualSeedsGiveEqualLossesAndWeights) {
  TinyRun first(dataset_), second(dataset_);
  const TrainingResult a = first.train(folder_ / "a"), b = second.train(folder_ / "b");
  EXPECT_EQ(clockless(folder_ / "a"), clockless(folder_ / "b"));
  EXPECT_EQ(clockless(folder_ / "a").size(), 21u) << "a header and 20 steps";
  expect_same_state(a.checkpoint, b.checkpoint);
}

TEST_F(TrainerTest, AnotherSeedGivesOtherLosses) {
  TinyRun first(dataset_), second(dataset_);
  first.config.training.steps = second.config.training.steps = 2;
  second.config.training.seed = 1;
  EXPECT_NE(first.train(folder_ / "a").loss, second.train(folder_ / "b").loss);
}

TEST_F(TrainerTest, PartsAreTrainedAloneAlsoWithRecomputation) {
  TinyRun first(dataset_);
  const std::string start = first.train(folder_ / "first").checkpoint;
  for (const bool recompute : {false, true}) {
    TinyRun run(dataset_), rest("");
    run.config.training.initial_weights = start;
    run.config.training.trained_parts = "angle_pred_net,node_embedder.linear.";
    run.config.training.recompute = recompute;
    run.config.training.steps = 10;
    const std::string folder = folder_ / (recompute ? "recomputed" : "stored");
    run.train(folder);
    rest.configuration.set("training.steps", "20", "--training.steps");
    const Checkpoint before = read_checkpoint(start), after = read_checkpoint(rest.resume(folder).checkpoint);
    int moved = 0;
    for (const auto& [name, weights] : after.weights) {
      const bool trained = name.starts_with("angle_pred_net") || name.starts_with("node_embedder.linear.");
      EXPECT_EQ(at::equal(weights, before.ema.at(name)), !trained) << name;
      moved += trained;
    }
    EXPECT_GT(moved, 4);
  }
  TinyRun wrong(dataset_);
  wrong.config.training.trained_parts = "angle_pred_net,torsions";
  EXPECT_NE(
      message_of([&] { wrong.train(folder_ / "wrong"); }).find("no parameter of the network begins with \"torsions\""),
      std::string::npos);
}

TEST_F(TrainerTest, ResumedAfterTenOfTwentyStepsEndsBitEqual) {
  TinyRun whole(dataset_), part(dataset_), rest("");
  whole.config.training.checkpoint_every = 10;
  const TrainingResult expected = whole.train(folder_ / "whole");

  part.config.training.steps = 10;
  part.train(folder_ / "parts");
  rest.configuration.set("training.steps", "20", "--training.steps");
  const TrainingResult got = rest.resume(folder_ / "parts");
  EXPECT_EQ(got.step, 20);
  expect_same_state(got.checkpoint, expected.checkpoint);
  EXPECT_EQ(clockless(folder_ / "parts"), clockless(folder_ / "whole"));
}

// Stages of 12, 8 and 20 nt end at steps 7 and 13; the parts end within the first, at its end, and within the last.
TEST_F(TrainerTest, ResumedAcrossStagesOfCropLengthsEndsBitEqual) {
  write_tiny_dataset(folder_ / "long.h5", {{"1AAA", 40}, {"1BBB", 9}, {"1CCC", 25}});
  const auto make = [&] {
    auto run = std::make_unique<TinyRun>(folder_ / "long.h5");
    run->config.data.crop_length = "12:0.35,8:0.3,20:0.35";
    run->config.data.spatial_crops = 0.5;
    run->config.training.accumulate = 2;
    return run;
  };
  const TrainingResult expected = make()->train(folder_ / "whole");
  const std::vector<std::string> rows = clockless(folder_ / "whole");
  ASSERT_EQ(rows.size(), 21u);
  for (const int first : {3, 7, 15}) {
    const std::string parts = folder_ / fmt::format("parts_{}", first);
    int asked = 0;
    TrainingObserver observer;
    observer.stop = [&] { return ++asked == first; };
    make()->make_trainer(parts, false).run(observer);
    TinyRun rest("");
    const TrainingResult got = rest.resume(parts);
    EXPECT_EQ(got.step, 20);
    expect_same_state(got.checkpoint, expected.checkpoint);
    EXPECT_EQ(clockless(parts), rows) << "interrupted after step " << first;
    EXPECT_EQ(read_checkpoint(got.checkpoint).longest_chain_length, 20);
  }
}

// Steps after the last checkpoint are repeated; their rows must not occur twice in the log.
TEST_F(TrainerTest, ARunKilledAfterItsCheckpointRepeatsTheLostSteps) {
  TinyRun whole(dataset_), killed(dataset_), rest("");
  whole.config.training.checkpoint_every = killed.config.training.checkpoint_every = 8;
  const TrainingResult expected = whole.train(folder_ / "whole");

  TrainingObserver observer;
  observer.on_step = [](const TrainingProgress& now) {
    if (now.step == 13) throw std::runtime_error("killed");
  };
  EXPECT_THROW(killed.make_trainer(folder_ / "killed", false).run(observer), std::runtime_error);
  EXPECT_EQ(lines_of(read_text(folder_ / "killed/metrics.csv")).size(), 14u);
  std::ofstream(folder_ / "killed/metrics.csv", std::ios::app) << "14,0.2";  // truncated in the middle of a row
  std::ofstream(folder_ / "killed/checkpoints/step_00000013.h5.77.partial") << "half";

  const TrainingResult got = rest.resume(folder_ / "killed");
  expect_same_state(got.checkpoint, expected.checkpoint);
  EXPECT_EQ(clockless(folder_ / "killed"), clockless(folder_ / "whole"));
  EXPECT_EQ(names_in(folder_ / "killed/checkpoints"),
            (std::vector<std::string>{"step_00000008.h5", "step_00000016.h5", "step_00000020.h5"}));
}

TEST_F(TrainerTest, AModelThatTakesPairsKeepsTheGrammarOfItsTrainingChains) {
  TinyRun run(dataset_), without(dataset_);
  run.config.model.local_edges = 4;
  run.config.model.condition_pairs = true;
  run.config.training.steps = without.config.training.steps = 1;
  EXPECT_EQ(read_checkpoint(without.train(folder_ / "without").checkpoint).structure_grammar, "");

  Checkpoint first = read_checkpoint(run.train(folder_ / "run").checkpoint);
  const TrainingData data(run.config.data, run.config.training.seed);
  EXPECT_EQ(first.structure_grammar, data.fit_structure_grammar().to_text());

  // A resumed run keeps it, and one whose checkpoint has none makes it.
  for (const char* kept : {"{\"version\": 1}", ""}) {
    first.structure_grammar = kept;
    write_checkpoint(first.path, first);
    TinyRun resumed("");
    resumed.configuration.set("training.steps", "2", "--training.steps");
    const Checkpoint second = read_checkpoint(resumed.resume(folder_ / "run").checkpoint);
    EXPECT_EQ(second.step, 2);
    EXPECT_EQ(second.structure_grammar, *kept != '\0' ? kept : data.fit_structure_grammar().to_text());
    std::filesystem::remove(second.path);
  }
}

TEST_F(TrainerTest, ACutLastCheckpointIsNamedAndTheOneBeforeIsResumed) {
  TinyRun whole(dataset_), cut(dataset_), rest("");
  whole.config.training.checkpoint_every = cut.config.training.checkpoint_every = 8;
  const TrainingResult expected = whole.train(folder_ / "whole");
  cut.train(folder_ / "cut");
  const std::string last = folder_ / "cut/checkpoints/step_00000020.h5";
  std::filesystem::resize_file(last, std::filesystem::file_size(last) / 2);

  std::vector<std::string> damaged;
  EXPECT_EQ(read_checkpoint_to_resume(folder_ / "cut", &damaged).step, 16);
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find("step_00000020.h5"), std::string::npos) << damaged[0];
  EXPECT_NE(
      damaged[0].find("resuming from the checkpoint before it, " + (folder_ / "cut/checkpoints/step_00000016.h5")),
      std::string::npos)
      << damaged[0];
  const TrainingResult got = rest.resume(folder_ / "cut");
  expect_same_state(got.checkpoint, expected.checkpoint);
  EXPECT_EQ(clockless(folder_ / "cut"), clockless(folder_ / "whole"));

  for (const std::string& checkpoint : checkpoints_of(folder_ / "cut")) std::filesystem::resize_file(checkpoint, 100);
  damaged.clear();
  EXPECT_NE(message_of([&] { read_checkpoint_to_resume(folder_ / "cut", &damaged); }).find("step_00000008.h5"),
            std::string::npos);
  EXPECT_EQ(damaged.size(), 2u);
}

TEST_F(TrainerTest, AStopRequestWritesACheckpointOfThatStep) {
  TinyRun run(dataset_);
  int asked = 0;
  TrainingObserver observer;
  observer.stop = [&asked] { return ++asked == 7; };
  const TrainingResult result = run.make_trainer(folder_ / "run", false).run(observer);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.step, 7);
  EXPECT_EQ(read_checkpoint(result.checkpoint).step, 7);
}

TEST(MetricsLog, RowsOfAnOlderProgramGetTheNewColumns) {
  const TemporaryFolder folder;
  const std::string path = folder / "metrics.csv";
  std::ofstream(path) << "step,loss,memory\n1,0.5,7\n2,0.25,8\n3,0.1,9\n";
  MetricsLog log(path, {"loss", "sample_suites_1a", "memory"}, 2);
  log.append(3, {{"loss", 2.0}});
  EXPECT_EQ(read_text(path), "step,loss,sample_suites_1a,memory\n1,0.5,,7\n2,0.25,,8\n3,2,,\n");
  std::ofstream(path) << "step,loss,unknown\n1,0.5,7\n";
  EXPECT_NE(message_of([&] {
              MetricsLog(path, {"loss", "memory"}, 2);
            }).find("its columns are not those of this program"),
            std::string::npos);
}

TEST_F(TrainerTest, StopsWhenTheMinutesAreOver) {
  TinyRun run(dataset_);
  run.config.training.steps = 1'000'000;
  run.config.training.minutes = 0.01;
  const TrainingResult result = run.train(folder_ / "run");
  EXPECT_FALSE(result.interrupted);
  EXPECT_GE(result.step, 1);
  EXPECT_GE(result.seconds, 0.6);
  EXPECT_LT(result.step, run.config.training.steps) << "it ended by the minutes, not by the steps";
  EXPECT_EQ(read_checkpoint(result.checkpoint).step, result.step);
}

TEST_F(TrainerTest, TrainingLowersTheLoss) {
  TinyRun run(dataset_);
  run.config.training.steps = 300;
  run.config.training.log_every = 50;
  run.config.training.learning_rate = 3e-3;
  std::vector<double> losses;
  TrainingObserver observer;
  observer.on_step = [&losses](const TrainingProgress& now) { losses.push_back(now.loss); };
  run.make_trainer(folder_ / "run", false).run(observer);
  const auto mean = [&losses](int first) {
    double sum = 0;
    for (int i = first; i < first + 50; ++i) sum += losses[static_cast<std::size_t>(i)];
    return sum / 50;
  };
  EXPECT_LT(mean(250), 0.8 * mean(0));
}

TEST_F(TrainerTest, AFolderOfAnotherRunIsRefused) {
  TinyRun run(dataset_);
  run.config.training.steps = 1;
  run.train(folder_ / "run");
  EXPECT_EQ(
      message_of([&] { run.train(folder_ / "run"); }),
      (folder_ / "run") + ": already holds a training run; continue it with --resume, or give another --output folder");
}

TEST_F(TrainerTest, ResumingWithoutACheckpointIsRefused) {
  TinyRun run(dataset_);
  EXPECT_EQ(message_of([&] { run.resume(folder_ / "nothing"); }),
            (folder_ / "nothing") +
                ": holds no checkpoint of a training run; without --resume `flashrna train` begins one there");
}

TEST_F(TrainerTest, ResumingWithAnotherModelIsRefused) {
  TinyRun run(dataset_), other("");
  run.config.training.steps = 1;
  const std::string checkpoint = run.train(folder_ / "run").checkpoint;
  other.configuration.set("model.pair_rank", "4", "--model.pair_rank");
  EXPECT_EQ(
      message_of([&] { other.resume(folder_ / "run"); }),
      "checkpoint " + checkpoint +
          " was trained with model.pair_rank = 2, --model.pair_rank says 4; drop it or train a new run in another "
          "folder");
}

TEST_F(TrainerTest, ResumingOnOtherChainsIsRefused) {
  TinyRun run(dataset_), rest("");
  run.config.training.steps = 1;
  run.train(folder_ / "run");
  write_tiny_dataset(dataset_, {{"1AAA", 12}, {"1BBB", 6}});
  const std::string message = message_of([&] { rest.resume(folder_ / "run"); });
  EXPECT_NE(message.find("was trained on other chains (5 chains "), std::string::npos) << message;
}

TEST_F(TrainerTest, ALossThatIsNotFiniteStopsWithStepChainsAndTimes) {
  TinyRun run(dataset_);
  run.config.losses.translation_weight = 1e38;
  run.config.losses.translation_scale = 1e3;
  const std::string message = message_of([&] { run.train(folder_ / "run"); });
  for (const char* part : {"step 0 (training.seed = 0): the loss is not finite", "_1_A at t = 0."})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(read_checkpoint(latest_checkpoint(folder_ / "run")).step, 0);
}

TEST_F(TrainerTest, ValidationIsOfHeldOutChainsByTimeBin) {
  write_tiny_dataset(dataset_,
                     {{"1AAA", 12, -1, "train"}, {"1BBB", 8, -1, "validation"}, {"1CCC", 8, -1, "validation"}});
  TinyRun run(dataset_);
  run.config.training.steps = 4;
  run.config.training.validate_every = 2;
  const TrainingResult result = run.train(folder_ / "run");
  EXPECT_TRUE(std::isfinite(result.validation_loss));
  const std::vector<std::string> lines = lines_of(read_text(folder_ / "run/metrics.csv"));
  EXPECT_EQ(lines[0],
            "step,loss,translation,rotation,auxiliary,atoms,distances,torsions,bonds,angles,link_torsions,clashes,"
            "local,pairs,"
            "letters,"
            "gradient_norm,"
            "learning_rate,epoch,seconds,residues_per_second,waiting,memory,validation_loss,validation_t_0.0_0.2,"
            "validation_t_0.2_0.4,validation_t_0.4_0.6,validation_t_0.6_0.8,validation_t_0.8_1.0,sample_c4_c4_w1,"
            "sample_o3_p_w1,sample_c4_neighbors,sample_bonded,sample_rg_ratio,"
            "sample_helix_share,sample_suite_outliers,sample_suiteness,sample_suites_1a");
  EXPECT_TRUE(lines[1].ends_with(",,,,,,,,,,,")) << "step 1 has no validation: " << lines[1];
  // Its samples are hardly trained, and have no suite within linked residues: the last three columns are empty.
  EXPECT_EQ(lines[2].find(",,"), lines[2].size() - 3) << "step 2 has one, in every bin: " << lines[2];
  EXPECT_NE(lines[4].find(fmt::format("{}", result.validation_loss)), std::string::npos) << lines[4];
}

TEST_F(TrainerTest, AFailedStepIsReplayedFromItsFile) {
  TinyRun run(dataset_);
  run.config.training.accumulate = 2;
  run.config.losses.translation_weight = 1e38;
  run.config.losses.translation_scale = 1e3;
  const std::string message = message_of([&] { run.train(folder_ / "run"); });
  const std::string path = folder_ / "run/failed_batch.h5";
  EXPECT_NE(message.find("flashrna train --data.replay " + path), std::string::npos) << message;

  const FailedBatch failed = read_failed_batch(path);
  EXPECT_EQ(failed.batches.size(), 2u);
  const Replay replay = replay_failed_batch(failed, run.config, at::kCPU);
  EXPECT_FALSE(replay.terms.finite());
  ASSERT_EQ(replay.chains.size(), failed.chains.size());
  for (const ReplayedChain& chain : replay.chains) {
    EXPECT_EQ(chain.t, chain.chain.t) << chain.chain.id;
    EXPECT_NE(message.find(fmt::format("{} at t = {:.6f}", chain.chain.id, chain.t)), std::string::npos) << message;
  }
  write_tiny_dataset(dataset_, {{"1AAA", 12}, {"1BBB", 6}});
  EXPECT_NE(message_of([&] { replay_failed_batch(failed, run.config, at::kCPU); }).find("holds other chains"),
            std::string::npos);
  EXPECT_NE(message_of([&] { read_failed_batch(dataset_); }).find("not a failed batch"), std::string::npos);
}

TEST_F(TrainerTest, TwoAccumulatedBatchesGiveTheGradientOfTheirMean) {
  TinyRun run(dataset_);
  run.config.data.batch_size = 1;
  const TrainingData data(run.config.data, 0);
  const BatchPlan plan = data.plan_training(0);
  const auto gradients = [&](const std::vector<std::pair<std::uint64_t, double>>& parts) {
    TrainingStep step(run.config, at::kCPU);
    step.model()->initialize(0);
    for (const auto& [index, share] : parts) step.add_gradients(data.load_training(plan[index], 0), 0, index, share);
    std::vector<at::Tensor> result;
    for (const auto& [name, parameter] : step.parameters())
      result.push_back(parameter.grad().defined() ? parameter.grad().clone() : at::zeros_like(parameter));
    return result;
  };
  const auto first = gradients({{0, 1.0}}), second = gradients({{1, 1.0}}), both = gradients({{0, 0.5}, {1, 0.5}});
  for (std::size_t i = 0; i < both.size(); ++i)
    EXPECT_TRUE(at::allclose(both[i], 0.5 * (first[i] + second[i]), 1e-5, 1e-7)) << i;
}

TEST_F(TrainerTest, TheBestCheckpointOutlivesTheLastOnes) {
  write_tiny_dataset(dataset_, {{"1AAA", 12, -1, "train"}, {"1BBB", 8, -1, "validation"}});
  TinyRun run(dataset_);
  run.config.training.steps = 12;
  run.config.training.validate_every = 1;
  run.config.training.keep_checkpoints = 1;
  run.config.training.validation_samples = 0;
  run.config.training.warmup_steps = 12;  // up to a learning rate at which the loss increases
  run.config.training.learning_rate = 0.5;
  run.config.training.ema_decay = 0;
  run.train(folder_ / "run");
  const Checkpoint best = read_checkpoint(folder_ / "run/checkpoints/best.h5");
  double lowest = std::numeric_limits<double>::infinity();
  std::int64_t lowest_step = 0;
  const std::vector<std::string> lines = lines_of(read_text(folder_ / "run/metrics.csv"));
  const auto cells = [](const std::string& line) {
    std::vector<std::string> values;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) values.push_back(cell);
    return values;
  };
  const std::vector<std::string> columns = cells(lines[0]);
  const auto column = static_cast<std::size_t>(std::ranges::find(columns, "validation_loss") - columns.begin());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const double loss = std::stod(cells(lines[i]).at(column));
    if (loss < lowest) lowest = loss, lowest_step = std::stoll(cells(lines[i])[0]);
  }
  EXPECT_EQ(best.step, lowest_step);
  EXPECT_EQ(best.best_loss, lowest);
  EXPECT_LT(best.step, 12) << "the last step is the best: this test shows nothing";
  EXPECT_EQ(names_in(folder_ / "run/checkpoints"), (std::vector<std::string>{"best.h5", "step_00000012.h5"}));
}

TEST_F(TrainerTest, SamplesOfAValidationAreWrittenAndMeasured) {
  write_tiny_dataset(dataset_,
                     {{"1AAA", 12, -1, "train"}, {"1BBB", 8, -1, "validation"}, {"1CCC", 11, -1, "validation"}});
  TinyRun run(dataset_);
  run.config.training.steps = 2;
  run.config.training.validate_every = 2;
  run.config.training.validation_samples = 2;
  run.config.training.validation_sample_steps = 3;
  run.train(folder_ / "run");
  EXPECT_EQ(names_in(folder_ / "run/samples/step_00000002"),
            (std::vector<std::string>{"len_00008_sample_000.cif", "len_00011_sample_001.cif"}));
}

TEST_F(TrainerTest, RecomputedBlocksGiveTheSameRun) {
  TinyRun kept(dataset_), recomputed(dataset_);
  kept.config.training.steps = recomputed.config.training.steps = 3;
  recomputed.config.training.recompute = true;
  const TrainingResult a = kept.train(folder_ / "kept"), b = recomputed.train(folder_ / "recomputed");
  EXPECT_NEAR(a.loss, b.loss, 1e-5 * std::abs(a.loss));  // gradients summed in another order
}

TEST_F(TrainerTest, ValidationDoesNotChangeTheTraining) {
  const std::vector<TinyChain> chains{{"1AAA", 12, -1, "train"}, {"1BBB", 8, -1, "validation"}};
  write_tiny_dataset(dataset_, chains);
  TinyRun with(dataset_), without(dataset_);
  with.config.training.steps = without.config.training.steps = 6;
  with.config.training.validate_every = 2;
  expect_same_state(with.train(folder_ / "with").checkpoint, without.train(folder_ / "without").checkpoint);
}

TEST(TrainingPrecision, IsOneOfThree) {
  TrainingConfig config;
  for (const char* precision : {"f32", "bf16", "tf32"}) {
    config.precision = precision;
    config.validate();
    EXPECT_EQ(config.precision, precision);
  }
  config.precision = "f16";
  EXPECT_EQ(message_of([&] { config.validate(); }), "training.precision = f16: must be f32, bf16 or tf32");
}

}  // namespace
}  // namespace flashrna
