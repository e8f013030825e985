#include "libfold/flow/interpolant.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "libfold/configuration.h"
#include "libfold/flow/so3.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

const SizeLaw& kLaw = polymer_model(Polymer::kRna).size;

using at::Tensor;

Batch make_random_batch(const std::vector<int64_t>& lengths, at::ScalarType type = at::kDouble) {
  RandomStream stream(1, "batch");
  const auto B = static_cast<int64_t>(lengths.size());
  const int64_t L = *std::max_element(lengths.begin(), lengths.end());
  Batch batch;
  batch.lengths = at::tensor(lengths, at::kLong);
  const Tensor mask = mask_from_lengths(batch.lengths, L).unsqueeze(-1);
  const Tensor positions = stream.normal({B, L, 3}) * 15 * mask;
  batch.translations = ((positions - positions.sum(1, true) / batch.lengths.view({B, 1, 1})) * mask).to(type);
  batch.rotations =
      at::where(mask.unsqueeze(-1), sample_uniform_rotations(B * L, stream).view({B, L, 3, 3}), at::eye(3, at::kDouble))
          .to(type);
  return batch;
}

TEST(Interpolant, CorruptionDependsOnlyOnSeedAndStep) {
  const Batch batch = make_random_batch({12, 7, 20}, at::kFloat);
  const Interpolant flow({}, {});
  const Corrupted a = flow.corrupt(batch, 5, 100), b = Interpolant({}, {}).corrupt(batch, 5, 100);
  EXPECT_TRUE(at::equal(a.t, b.t) && at::equal(a.translations, b.translations) && at::equal(a.rotations, b.rotations));
  EXPECT_FALSE(at::equal(a.translations, flow.corrupt(batch, 5, 101).translations));
  EXPECT_FALSE(at::equal(a.translations, flow.corrupt(batch, 6, 100).translations));
}

TEST(Interpolant, PathsBeginAtCenteredNoiseAndEndAtTheData) {
  const Batch batch = make_random_batch({12, 7, 20, 1});
  for (const char* noise : {"igso3", "uniform"}) {
    for (const bool coupling : {true, false}) {
      FlowConfig config;
      config.rotation_noise = noise;
      config.coupling = coupling;
      const Interpolant flow(config, {});
      CorruptionDraws draws = flow.draw(batch, 1, 1);
      draws.t.fill_(1.0);
      const Corrupted end = flow.corrupt(batch, draws);
      expect_close("translations at t = 1", end.translations, batch.translations, 1e-14);
      expect_close("rotations at t = 1", end.rotations, batch.rotations, 1e-13);
      draws.t.zero_();
      const Corrupted start = flow.corrupt(batch, draws);
      EXPECT_LE(start.translations.sum(1).abs().max().item<double>(), 1e-11);
      const Tensor relative = rotation_between(batch.rotations, start.rotations);
      const Tensor drawn = noise == std::string("uniform") ? rotation_between(batch.rotations, draws.rotations)
                                                           : so3_log(draws.rotations);
      const Tensor mask = batch.mask().unsqueeze(-1);
      expect_close("rotation noise", relative * mask, drawn * mask, 1e-12);
    }
  }
}

// The molecules of an assembly start apart, so that the whole has the radius of gyration of its length.
TEST(Interpolant, MoleculesStartApart) {
  FlowConfig config;
  config.prior = "chain";
  constexpr int64_t kDraws = 300, kLength = 120;
  Batch batch = make_random_batch(std::vector<int64_t>(kDraws, kLength));
  batch.residue_index = at::arange(kLength, at::kLong).expand({kDraws, kLength}).clone();
  batch.chain = at::zeros({kDraws, kLength}, at::kLong);
  for (const bool coupling : {false, true}) {
    config.coupling = coupling;
    const int64_t B = coupling ? 8 : kDraws;  // the assignment takes B^3
    Batch some = batch;
    for (Tensor* tensor : {&some.lengths, &some.translations, &some.rotations, &some.residue_index, &some.chain})
      *tensor = tensor->narrow(0, 0, B).clone();
    const CorruptionDraws single = Interpolant(config, {}).draw(some, 3, 5);
    some.residue_index.narrow(0, 1, B - 1).narrow(1, 40, 80).add_(200);
    some.chain.narrow(0, 1, B - 1).narrow(1, 40, 80).fill_(3);  // two molecules in all samples but the first
    CorruptionDraws draws = Interpolant(config, {}).draw(some, 3, 5);
    EXPECT_TRUE(at::equal(draws.translations, single.translations) && at::equal(draws.rotations, single.rotations));
    draws.t.zero_();
    const Tensor x = Interpolant(config, {}).corrupt(some, draws).translations;
    EXPECT_LE(x.mean(1).abs().max().item<double>(), 1e-10);
    const Tensor apart = x.narrow(1, 0, 40).mean(1) - x.narrow(1, 40, 80).mean(1);  // [B, 3]
    const double rms = apart.narrow(0, 1, B - 1).square().sum(1).mean().sqrt().item<double>();
    // The centers are sqrt(Rg_all² - Rg_molecules²) from the center of mass, of molecules of one and two thirds.
    const double within =
        (std::pow(kLaw.radius_of_gyration(40), 2) * 40 + std::pow(kLaw.radius_of_gyration(80), 2) * 80) / 120;
    const double expected = std::sqrt((std::pow(kLaw.radius_of_gyration(120), 2) - within) * 4);
    std::printf("  centers %.1f Å apart, expected %.1f\n", rms, expected);
    if (coupling) {
      EXPECT_GT(rms, 0.5 * expected);
      continue;
    }
    EXPECT_NEAR(rms / expected, 1.0, 0.1);
    const double radius = x.narrow(0, 1, B - 1).square().sum(2).mean().sqrt().item<double>();
    EXPECT_NEAR(radius / kLaw.radius_of_gyration(120), 1.0, 0.06);
  }
}

TEST(Interpolant, PaddingStaysZeroAndIdentity) {
  const Batch batch = make_random_batch({12, 7, 20});
  const Corrupted noisy = Interpolant({}, {}).corrupt(batch, 1, 2);
  const Tensor padding = ~batch.mask();
  EXPECT_EQ((noisy.translations * padding.unsqueeze(-1)).abs().max().item<double>(), 0.0);
  const Tensor rotations = noisy.rotations.masked_select(padding.unsqueeze(-1).unsqueeze(-1)).view({-1, 3, 3});
  EXPECT_TRUE(at::equal(rotations, at::eye(3, at::kDouble).expand_as(rotations)));
}

TEST(Interpolant, TimesAreUniformBetweenMinTAndOneMinusMinT) {
  const Batch batch = make_random_batch(std::vector<int64_t>(2000, 1));
  FlowConfig config;
  config.min_t = 0.1;
  config.coupling = false;
  const Tensor t = Interpolant(config, {}).draw(batch, 1, 2).t;
  EXPECT_GE(t.min().item<double>(), 0.1);
  EXPECT_LE(t.max().item<double>(), 0.9);
  EXPECT_NEAR(t.mean().item<double>(), 0.5, 5 * 0.8 / std::sqrt(12.0 * 2000));
  EXPECT_NEAR(t.var().item<double>(), 0.64 / 12, 0.006);
}

TEST(Interpolant, NoiseOfASampleDoesNotDependOnItsNeighbors) {
  const Interpolant flow({}, {});
  const FlowState together = flow.sample_noise({{30, 50, 30}, {7, 7, 8}, 3}), alone = flow.sample_noise({{30}, {8}, 3});
  EXPECT_TRUE(at::equal(together.translations[2].narrow(0, 0, 30), alone.translations[0]));
  EXPECT_TRUE(at::equal(together.rotations[2].narrow(0, 0, 30), alone.rotations[0]));
  EXPECT_FALSE(at::equal(together.translations[0], together.translations[2]));
  EXPECT_EQ(together.translations[0].narrow(0, 30, 20).abs().max().item<float>(), 0.0f);
  EXPECT_TRUE(at::equal(together.rotations[0][49], at::eye(3, at::kFloat)));
}

TEST(Interpolant, SampleNoiseHasThePriorsWidth) {
  for (const auto& [prior, sigma] : {std::pair("fixed", 10.0), {"scaled", 3.2 * std::cbrt(4000.0)}}) {
    FlowConfig config;
    config.prior = prior;
    const Tensor x = Interpolant(config, {}).sample_noise({{4000}, {0}, 1}).translations[0].to(at::kDouble);
    EXPECT_LE(x.mean(0).abs().max().item<double>(), 1e-4);  // f32 rounding
    EXPECT_NEAR(x.square().mean().sqrt().item<double>(), sigma, 5 * sigma / std::sqrt(2 * 12000.0));
  }
}

TEST(Interpolant, NoiseAroundGivenResiduesHoldsTheirFrames) {
  FlowConfig config;
  config.prior = "chain";
  const Interpolant flow(config, {});
  NoiseRequest request{{12, 20}, {0, 1}, 4};
  const FlowState without = flow.sample_noise(request);
  request.fixed = at::zeros({2, 20}, at::kBool);
  request.fixed[1].narrow(0, 6, 3).fill_(true);
  request.given = {so3_exp(RandomStream(8, "r").normal({2, 20, 3})), RandomStream(8, "x").normal({2, 20, 3})};
  const FlowState with = flow.sample_noise(request);
  EXPECT_TRUE(at::equal(with.translations[0], without.translations[0]));
  expect_close("x", with.translations[1].narrow(0, 6, 3), request.given.translations[1].narrow(0, 6, 3).to(at::kFloat),
               0.0);
  expect_close("r", with.rotations[1].narrow(0, 6, 3), request.given.rotations[1].narrow(0, 6, 3).to(at::kFloat), 0.0);
  EXPECT_TRUE(at::equal(with.rotations[1].narrow(0, 0, 6), without.rotations[1].narrow(0, 0, 6)));
  // A neighbor of the given residues is a step of the chain away from them, not as far as the chain is wide.
  const Tensor step = (with.translations[1][9] - with.translations[1][8]).norm();
  EXPECT_LT(step.item<double>(), 5 * kLaw.step * std::sqrt(3.0));
}

TEST(Interpolant, BetweenIsWhatCorruptionComputes) {
  FlowConfig config;
  config.coupling = false;
  config.rotation_noise = "uniform";
  const Interpolant flow(config, {});
  const Batch batch = make_random_batch({25, 11});
  CorruptionDraws draws = flow.draw(batch, 1, 2);
  draws.t.fill_(0.37);
  const Corrupted noisy = flow.corrupt(batch, draws);
  draws.t.zero_();
  const Corrupted start = flow.corrupt(batch, draws);
  const FlowState state =
      flow.between({start.translations, start.rotations}, {batch.translations, batch.rotations}, 0.37);
  expect_close("translations", state.translations, noisy.translations, 1e-12);
  expect_close("rotations", state.rotations, noisy.rotations, 1e-6);  // angles near pi
}

TEST(Interpolant, EulerStepsWithTheTrueEndArriveThere) {
  for (const char* schedule : {"linear", "exponential"}) {
    FlowConfig config;
    config.sampling_rotation_schedule = schedule;
    const Interpolant flow(config, {});
    const Batch batch = make_random_batch({25, 25});
    const FlowState end = {batch.translations, batch.rotations};
    FlowState state = flow.sample_noise({{25, 25}, {0, 1}, 9});
    state = {state.translations.to(at::kDouble), state.rotations.to(at::kDouble)};
    const Tensor start_angle = rotation_between(state.rotations, end.rotations).square().sum(-1).sqrt();
    const std::vector<double> times = flow.sampling_times(50);
    for (std::size_t k = 0; k + 1 < times.size(); ++k)
      state = flow.euler_step(state, end, times[k], times[k + 1] - times[k]);
    expect_close("translations", state.translations, end.translations, 1e-10);
    const Tensor angle = rotation_between(state.rotations, end.rotations).square().sum(-1).sqrt();
    // Each exponential step leaves a fraction of 1 - c dt.
    const double left = schedule == std::string("linear") ? 0.0 : std::pow(1 - 10.0 * 0.99 / 49, 49);
    EXPECT_LE((angle - start_angle * left).abs().max().item<double>(), 1e-6);
  }
}

TEST(Interpolant, RefusesSettingsOutsideTheirRange) {
  const auto refused = [](const std::string& key, const std::string& value) {
    FlowConfig config;
    Configuration configuration;
    config.add_options(configuration);
    configuration.set(key, value, "test");
    try {
      config.validate();
    } catch (const UsageError& error) {
      return std::string(error.what()).find(key) != std::string::npos;
    }
    return false;
  };
  EXPECT_TRUE(refused("flow.min_t", "0.5"));
  EXPECT_TRUE(refused("flow.min_t", "0"));
  EXPECT_TRUE(refused("flow.translation_sigma", "-1"));
  EXPECT_TRUE(refused("flow.prior", "narrow"));
  EXPECT_TRUE(refused("flow.rotation_noise", "gaussian"));
  EXPECT_TRUE(refused("flow.igso3_sigma", "0.01"));
  EXPECT_TRUE(refused("flow.sampling_rotation_schedule", "cosine"));
  EXPECT_TRUE(refused("flow.rotation_rate", "0"));
  EXPECT_THROW(Interpolant({}, {}).sampling_times(1), Error);
}

}  // namespace
}  // namespace flashrna
