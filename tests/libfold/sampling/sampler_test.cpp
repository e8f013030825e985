#include "libfold/sampling/sampler.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <atomic>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "libfold/backbone/steric_move.h"
#include "libfold/sampling/sample_config.h"
#include "tests/libfold/small_model.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

using at::Tensor;

// Å. The batch shape changes the order of sums: f32 rounding, amplified over a few steps of an untrained model.
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

TEST(SamplerHeads, ChiAndLettersOfTheLastCallComeWithTheSample) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "tiny.h5", five_chains());
  TinyRun run(folder / "tiny.h5");
  run.config.training.steps = 2;
  run.config.model.torsions = 9;
  run.config.model.letter_head = true;
  run.config.losses.letter_weight = 0.2;
  const Checkpoint checkpoint = read_checkpoint(run.train(folder / "run").checkpoint);
  Sampler sampler(checkpoint, "ema", at::kCPU);
  sampler.require_predicted(true, true);
  Tensor chi, letters;
  const auto samples = sampler.sample({7, 5}, {0, 1}, 5, 3, {}, [&](const SamplingStep& step) {
    chi = step.prediction.chi.clone();
    letters = step.prediction.letters.log_softmax(2);
  });
  for (int64_t b = 0; b < 2; ++b) {
    const SampledBackbone& sample = samples[static_cast<std::size_t>(b)];
    ASSERT_EQ(sample.chi.size(), sample.frames.size());
    ASSERT_EQ(sample.letters.size(), sample.frames.size());
    for (std::size_t i = 0; i < sample.chi.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      EXPECT_NEAR(sample.chi[i][0], chi[b][at][0].item<double>(), 1e-7);
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_NEAR(sample.letters[i][k], letters[b][at][static_cast<int64_t>(k)].item<double>(), 1e-5);
        sum += std::exp(sample.letters[i][k]);
      }
      EXPECT_NEAR(sum, 1.0, 1e-6);
    }
  }
}

double largest_torsion_difference(const SampledBackbone& a, const SampledBackbone& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.torsions.size(); ++i)
    for (std::size_t k = 0; k < 2; ++k) largest = std::max(largest, std::abs(a.torsions[i][k] - b.torsions[i][k]));
  return largest;
}

TEST(SamplerConformers, AreDrawnBySeedAndIndexWhateverTheBatch) {
  RunConfig config = small_long_chain_model();
  config.model.torsions = 9;
  config.model.torsion_conformers = 5;
  FlowModel model(config.model, config.published);
  model->initialize(2);
  model->eval();
  const auto sampler = [&](bool draw) {
    return Sampler(config, model, at::kCPU, SamplingControl{.draw_conformers = draw});
  };
  Sampler drawing = sampler(true), likeliest = sampler(false);
  // One call of the model after the noise, so that rounding does not grow.
  const SampledBackbone alone = drawing.sample({9}, {2}, 5, 2).front();
  EXPECT_LE(largest_torsion_difference(alone, drawing.sample({14, 9}, {0, 2}, 5, 2)[1]), 1e-4);
  EXPECT_EQ(largest_torsion_difference(alone, drawing.sample({9}, {2}, 5, 2)[0]), 0.0);
  const SampledBackbone same_frames = likeliest.sample({9}, {2}, 5, 2).front();
  EXPECT_EQ(largest_difference(alone, same_frames), 0.0) << "without corrections frames do not depend on the draw";
  EXPECT_GT(largest_torsion_difference(alone, same_frames), 0.1);
}

TEST_F(SamplerTest, WhatTheModelDoesNotPredictIsNamed) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  sampler.require_predicted(false, false);
  EXPECT_EQ(message_of([&] { sampler.require_predicted(true, false); }),
            "--all-atom: this model does not predict chi (model.torsions = 8); take a --checkpoint with 9");
  EXPECT_NE(message_of([&] { sampler.require_predicted(false, true); }).find("model.letter_head = false"),
            std::string::npos);
  EXPECT_TRUE(sampler.sample({6}, {0}, 5, 2)[0].chi.empty());
}

// Number of times that a tensor value is read on the host, which on a GPU synchronizes the device.
std::int64_t reads_of(Sampler& sampler, const std::vector<int>& lengths, int steps) {
  static std::atomic<std::int64_t> reads;
  reads = 0;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
        if (std::string_view(function.name()) == "aten::_local_scalar_dense") ++reads;
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  const std::vector<std::uint64_t> indices(lengths.size(), 0);
  sampler.sample(lengths, indices, 5, steps);
  at::removeCallback(handle);
  return reads;
}

TEST_F(SamplerTest, StepsReadNothingOnTheHost) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  EXPECT_GT(reads_of(sampler, {7, 7}, 2), 0) << "in the end samples are checked to be finite";
  EXPECT_EQ(reads_of(sampler, {7, 7}, 9), reads_of(sampler, {7, 7}, 2));
  EXPECT_EQ(reads_of(sampler, {12, 7}, 9), reads_of(sampler, {12, 7}, 2)) << "padded";
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

// Rotations of every state and prediction of one sample of 7 residues with 4 steps.
struct Rotations {
  std::vector<at::Tensor> states, predictions;
};

Rotations rotations_with(const Checkpoint& checkpoint, const SamplingControl& control) {
  Sampler sampler(checkpoint, "ema", at::kCPU, control);
  Rotations rotations;
  sampler.sample({7}, {0}, 5, 4, {}, [&](const SamplingStep& step) {
    rotations.states.push_back(step.state.rotations);
    rotations.predictions.push_back(step.prediction.rotations);
  });
  return rotations;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST_F(SamplerTest, TheScheduleSaysWhichShareOfTheWayARotationGoes) {
  // Four steps of 0.33 each: at a rate of 1 / 0.33, every step reaches the prediction.
  const Rotations all_the_way = rotations_with(checkpoint_, {RotationSchedule{true, 1.0 / 0.33}});
  for (std::size_t i = 1; i < 4; ++i)
    EXPECT_LE(largest_difference(all_the_way.states[i], all_the_way.predictions[i - 1]), 1e-5) << "step " << i;
  // At constant speed, only the last step does.
  const Rotations linear = rotations_with(checkpoint_, {RotationSchedule{false}});
  EXPECT_GT(largest_difference(linear.states[1], linear.predictions[0]), 0.01);
  EXPECT_LE(largest_difference(linear.states[3], linear.predictions[2]), 1e-5);
}

TEST_F(SamplerTest, WithoutAScheduleItIsTheCheckpoints) {
  EXPECT_EQ(schedule_text(Sampler(checkpoint_, "ema", at::kCPU).flow().sampling_schedule()), "exponential:10");
  const Rotations own = rotations_with(checkpoint_, {});
  const Rotations same = rotations_with(checkpoint_, {parse_schedule("exponential:10", "--schedule")});
  EXPECT_EQ(largest_difference(own.predictions[3], same.predictions[3]), 0.0);
}

TEST_F(SamplerTest, NoiseScaleStretchesTheInitialTranslationsAlone) {
  std::vector<FlowState> starts;
  for (const double scale : {1.0, 0.5}) {
    Sampler sampler(checkpoint_, "ema", at::kCPU, {{}, scale});
    sampler.sample({7}, {0}, 5, 4, {}, [&](const SamplingStep& step) {
      if (step.number == 0) starts.push_back(step.state);
    });
  }
  EXPECT_EQ(largest_difference(starts[0].translations * 0.5, starts[1].translations), 0.0);
  EXPECT_EQ(largest_difference(starts[0].rotations, starts[1].rotations), 0.0);
}

TEST_F(SamplerTest, StericRoundsMoveWhatTheStateGoesTo) {
  struct First {
    FlowModelOutput prediction;
    at::Tensor state, next_state;
  };
  const auto first_step = [](int rounds) {
    First first;
    Sampler sampler(checkpoint_, "ema", at::kCPU, {.steric_rounds = rounds});
    sampler.sample({40}, {0}, 5, 4, {}, [&](const SamplingStep& step) {
      if (step.number == 0) {
        first.prediction = step.prediction;
        first.state = step.state.translations;
      }
      if (step.number == 1) first.next_state = step.state.translations;
    });
    return first;
  };
  const First plain = first_step(0), apart = first_step(4);
  EXPECT_EQ(largest_difference(plain.state, apart.state), 0.0);
  const at::Tensor wanted =
      moved_apart(plain.prediction.rotations, plain.prediction.translations, plain.prediction.torsions,
                  at::arange(40, at::kLong).view({1, 40}), at::tensor({40}, at::kLong), 4);
  const at::Tensor shift = wanted - plain.prediction.translations;
  EXPECT_GT(shift.abs().max().item<double>(), 0.05) << "an untrained model's residues overlap";
  // 0.33 of the remaining time of 0.99.
  EXPECT_LE(largest_difference(apart.next_state - plain.next_state, shift / 3), 1e-4);
}

TEST_F(SamplerTest, PairsAreRefusedByAModelThatWasTrainedWithoutThem) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  SampleRequest request{.lengths = {9}, .indices = {0}, .seed = 1, .steps = 2};
  request.conditioning.partner = at::full({1, 9}, kUnpaired, at::kLong);
  EXPECT_EQ(message_of([&] { sampler.sample(request); }),
            "base pairs are asked for, but this model was trained without them (model.condition_pairs = false); take "
            "another --checkpoint");
}

// A network with every new component: chain prior, relative positions, edges, conditions.
class LongChainSampler : public testing::Test {
 protected:
  LongChainSampler() {
    write_hairpin_dataset(folder / "hairpin.h5", 24);
    TinyRun run(folder / "hairpin.h5");
    ModelConfig& model = run.config.model;
    model.positions = "relative";
    model.neighbors = 12;
    model.chain_neighbors = 8;
    model.local_edges = model.edge_votes = 8;
    model.condition_pairs = model.condition_letters = model.condition_motifs = model.letter_head = true;
    run.config.flow.prior = "chain";
    run.config.losses.local_weight = run.config.losses.pair_weight = run.config.losses.link_torsion_weight =
        run.config.losses.letter_weight = 1.0;
    run.config.training.steps = 6;
    checkpoint = read_checkpoint(run.train(folder / "run").checkpoint);
  }

  static Tensor hairpin(int64_t length) { return (length - 1 - at::arange(length)).unsqueeze(0); }

  TemporaryFolder folder;
  Checkpoint checkpoint;
};

TEST_F(LongChainSampler, WhatIsAskedForChangesTheSampleAndSilenceDoesNot) {
  Sampler sampler(checkpoint, "ema", at::kCPU);
  const SampleRequest plain{.lengths = {20}, .indices = {0}, .seed = 1, .steps = 3};
  SampleRequest silent = plain, paired = plain;
  silent.conditioning.partner = at::full({1, 20}, kUnspecified, at::kLong);
  paired.conditioning.partner = hairpin(20);
  const auto without = sampler.sample(plain);
  EXPECT_EQ(largest_difference(without[0], sampler.sample(silent)[0]), 0.0);
  EXPECT_GT(largest_difference(without[0], sampler.sample(paired)[0]), 1e-3);
}

TEST_F(LongChainSampler, UnpairedResiduesMayHaveAScheduleOfTheirOwn) {
  SampleRequest request{.lengths = {20}, .indices = {0}, .seed = 1, .steps = 4};
  request.conditioning.partner = hairpin(20);
  for (int64_t i = 6; i < 14; ++i) request.conditioning.partner[0][i] = i % 2 == 0 ? kUnpaired : kUnspecified;
  Sampler sampler(checkpoint, "ema", at::kCPU,
                  {.schedule = RotationSchedule{}, .unpaired_schedule = RotationSchedule{true, 1.0 / 0.33}});
  std::vector<Tensor> states, predictions;
  sampler.sample(request, {}, [&](const SamplingStep& step) {
    states.push_back(step.state.rotations);
    predictions.push_back(step.prediction.rotations);
  });
  // The first of four steps of 0.33: at a rate of 1 / 0.33 it reaches the prediction, at constant speed it does not.
  const Tensor missing = (states[1] - predictions[0]).abs().amax({2, 3})[0];
  for (int64_t i = 0; i < 20; ++i) {
    const bool unpaired = i >= 6 && i < 14 && i % 2 == 0;
    if (unpaired)
      EXPECT_LE(missing[i].item<double>(), 1e-5) << i;
    else
      EXPECT_GT(missing[i].item<double>(), 1e-3) << i;
  }
  Sampler alike(checkpoint, "ema", at::kCPU, {.schedule = RotationSchedule{true, 1.0 / 0.33}});
  EXPECT_EQ(alike.flow().unpaired_schedule(), (RotationSchedule{true, 1.0 / 0.33})) << "--schedule is for both";
}

TEST_F(LongChainSampler, AConstantAddedToTheResidueIndexChangesNoBit) {
  Sampler sampler(checkpoint, "ema", at::kCPU);
  SampleRequest request{.lengths = {20}, .indices = {0}, .seed = 1, .steps = 3};
  const auto before = sampler.sample(request);
  request.residue_index = (at::arange(20) + 700).unsqueeze(0);
  EXPECT_EQ(largest_difference(before[0], sampler.sample(request)[0]), 0.0);
}

TEST_F(LongChainSampler, ASampleDoesNotDependOnItsBatch) {
  Sampler sampler(checkpoint, "ema", at::kCPU);
  const auto together = sampler.sample({20, 31}, {4, 5}, 2, 3), alone = sampler.sample({20}, {4}, 2, 3);
  EXPECT_LE(largest_difference(together[0], alone[0]), kBatchRounding);
}

TEST_F(SamplerTest, WeightsOfAnotherModelAreRefused) {
  Checkpoint other = checkpoint_;
  other.ema.erase(other.ema.begin());
  const std::string message = message_of([&] { Sampler(other, "ema", at::kCPU); });
  EXPECT_NE(message.find("is missing in the file"), std::string::npos) << message;
}

}  // namespace
}  // namespace flashrna
