// Compares path, coupling, losses and sampler with numbers of FoldFlow's formulas (tests/data/golden/make_foldflow.py).
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "libfold/backbone/polymer_backbone.h"
#include "libfold/flow/coupling.h"
#include "libfold/flow/igso3.h"
#include "libfold/flow/interpolant.h"
#include "libfold/flow/so3.h"
#include "libfold/training/losses.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr double kF64 = 1e-9;

FlowConfig foldflow() {
  FlowConfig config;
  config.min_t = 0.0;
  config.max_t = 0.99;
  config.translation_sigma = 10.0;
  config.rotation_noise = "uniform";
  config.coupling = false;
  return config;
}

LossConfig foldflow_losses() {
  LossConfig config;
  config.translation_weight = 3.0;
  config.t_clip = 0.99;
  config.rotation_error = "axis_angle";
  config.auxiliary_weight = 0.25;
  config.auxiliary_min_t = 0.75;
  config.auxiliary_scaling = false;
  config.atom_scale = 1.0;
  config.torsion_weight = 0.0;
  config.atoms = 5;
  config.distance_cutoff = 6.0;
  return config;
}

class GoldenFoldFlow : public testing::Test {
 protected:
  void SetUp() override {
    file = std::make_unique<GoldenFile>(golden_path("foldflow.h5"));
    truth.polymer = Polymer::kProtein;
    truth.lengths = read("inputs/lengths").to(at::kLong);
    truth.translations = read("inputs/translations");
    truth.rotations = read("inputs/rotations");
    truth.torsions = sin_cos(read("inputs/psi"));
    truth.torsion_mask = read("inputs/psi_mask").to(at::kBool).unsqueeze(2);
    const auto B = truth.translations.size(0), L = truth.translations.size(1);
    truth.residue_index = at::arange(L, at::kLong).expand({B, L});
    truth.partner = at::full({B, L}, kUnspecified, at::kLong);
  }
  Tensor read(const std::string& path) const { return golden_tensor(*file, path); }
  static Tensor sin_cos(const Tensor& angles) { return at::stack({angles.sin(), angles.cos()}, -1).unsqueeze(2); }
  // Compares the real rows.
  void expect_golden(const std::string& path, const Tensor& got) const {
    Tensor mask = truth.mask();
    while (mask.dim() < got.dim()) mask = mask.unsqueeze(-1);
    expect_close(path, got * mask, read(path) * mask, kF64);
  }
  CorruptionDraws draws() const {
    CorruptionDraws draws;
    draws.t = read("inputs/t");
    draws.translations = read("inputs/noise");
    draws.rotations = read("inputs/noise_rotations");
    return draws;
  }
  FlowModelOutput prediction() const {
    return {read("losses/translations"), read("losses/rotations"), sin_cos(read("losses/psi")), {}, {}};
  }
  Losses losses_of(const FlowModelOutput& predicted) const {
    const Corrupted noisy = Interpolant(foldflow(), {}, Polymer::kProtein).corrupt(truth, draws());
    return compute_losses(truth, noisy, predicted, foldflow_losses(), {});
  }

  std::unique_ptr<GoldenFile> file;
  Batch truth;
};

TEST_F(GoldenFoldFlow, Atoms) {
  const PolymerBackbone& backbone = backbone_of(Polymer::kProtein);
  expect_golden("atoms", backbone.place(truth.rotations, truth.translations, truth.torsions, backbone.all_slots()));
}

TEST_F(GoldenFoldFlow, Path) {
  const Corrupted noisy = Interpolant(foldflow(), {}, Polymer::kProtein).corrupt(truth, draws());
  expect_golden("path/translations", noisy.translations);
  expect_golden("path/rotations", noisy.rotations);
}

TEST_F(GoldenFoldFlow, StochasticPath) {
  FlowConfig config = foldflow();
  config.stochasticity = 0.1;
  CorruptionDraws drawn = draws();
  const Tensor widths = read("stochastic/width");
  for (int64_t b = 0; b < widths.numel(); ++b)
    EXPECT_NEAR(config.path_noise(drawn.t[b].item<double>()), widths[b].item<double>(), 1e-12);
  drawn.path_translations = read("inputs/path_translations");
  drawn.path_rotations = read("inputs/path_rotations") * widths.view({-1, 1, 1});
  const Corrupted noisy = Interpolant(config, {}, Polymer::kProtein).corrupt(truth, drawn);
  expect_golden("stochastic/translations", noisy.translations);
  expect_golden("stochastic/rotations", noisy.rotations);
}

// The whole plan is applied: every noise goes to one datum, and no other pairing costs less.
TEST_F(GoldenFoldFlow, CouplingOfFrames) {
  const std::vector<TranslationPrior> priors(4, TranslationPrior(10.0));
  const FrameCoupling coupled = couple_frames(read("inputs/noise"), read("inputs/noise_rotations"), truth.translations,
                                              truth.rotations, truth.lengths, priors, 10.0);
  expect_close("coupling/costs", coupled.costs, read("coupling/costs"), kF64);
  const Tensor best = read("coupling/datum_of_noise");
  FlowConfig config = foldflow();
  config.coupling = true;
  config.coupling_cost = "se3";
  CorruptionDraws drawn = draws();
  drawn.t = at::full({4}, 0.01, at::kDouble);
  const Corrupted noisy = Interpolant(config, {}, Polymer::kProtein).corrupt(truth, drawn);
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t j = coupled.datum_of_noise[static_cast<std::size_t>(i)];
    EXPECT_EQ(j, best[i].item<int64_t>());
    const int64_t n = truth.lengths[j].item<int64_t>();
    const auto rows = [&](const Tensor& x, int64_t b) { return x[b].narrow(0, 0, n); };
    const Tensor z = rows(drawn.translations, i);
    const Tensor start = (z - z.mean(0)) * 10.0;
    expect_close("translations", rows(noisy.translations, j), start * 0.99 + rows(truth.translations, j) * 0.01, kF64);
    // Near the noise, the state has turned by a hundredth of the way.
    const Tensor turn = at::matmul(rows(drawn.rotations, i).transpose(1, 2), rows(noisy.rotations, j));
    const Tensor cosine = (turn.diagonal(0, 1, 2).sum(1) - 1) / 2;
    EXPECT_GT(cosine.min().item<double>(), std::cos(0.0315));
  }
}

TEST_F(GoldenFoldFlow, Losses) {
  const Losses losses = losses_of(prediction());
  for (const auto& [name, got] : {std::pair("translation", losses.translation), std::pair("rotation", losses.rotation),
                                  std::pair("atoms", losses.atoms), std::pair("distances", losses.distances),
                                  std::pair("auxiliary", losses.auxiliary)})
    expect_close(name, got, read(std::string("losses/") + name), 1e-8);
  EXPECT_NEAR(losses.total.item<double>(), read("losses/total").mean().item<double>(),
              1e-8 * losses.total.item<double>());
}

TEST_F(GoldenFoldFlow, GradientsOfTheLossesAreDifferences) {
  const FlowModelOutput at = prediction();
  const auto total = [&](const FlowModelOutput& x) {
    const Losses losses = losses_of(x);
    return (losses.rotation.clamp_max(1e3) + losses.translation * 1e-3 + losses.auxiliary).narrow(0, 0, 3).sum();
  };
  EXPECT_LE(gradient_error(
                [&](const Tensor& x) {
                  return total({x, at.rotations, at.torsions, {}, {}});
                },
                at.translations),
            1e-6);
  EXPECT_LE(gradient_error(
                [&](const Tensor& r) {
                  return total({at.translations, r, at.torsions, {}, {}});
                },
                at.rotations),
            1e-6);
  EXPECT_LE(gradient_error(
                [&](const Tensor& s) {
                  return total({at.translations, at.rotations, s, {}, {}});
                },
                at.torsions),
            1e-6);
}

TEST_F(GoldenFoldFlow, Sampler) {
  const Interpolant flow(foldflow(), {}, Polymer::kProtein);
  const Tensor t = read("sampler/t"), translations = read("sampler/translations"),
               rotations = read("sampler/rotations");
  const Tensor ends_x = read("sampler/end_translations"), ends_r = read("sampler/end_rotations");
  const std::vector<double> times = flow.sampling_times(50);
  FlowState state{translations[0], rotations[0]};
  for (int64_t k = 0; k < 50; ++k) {
    const auto step = static_cast<std::size_t>(k);
    EXPECT_NEAR(times[step], t[k].item<double>(), 1e-12);
    expect_close("translations", state.translations, translations[k], kF64);
    expect_close("rotations", state.rotations, rotations[k], kF64);
    if (k < 49) state = flow.euler_step(state, {ends_x[k], ends_r[k]}, times[step], times[step + 1] - times[step]);
  }
}

// A network that predicts the truth at every step. With the published 50 steps, a hundredth of the noise is left of the
// translations and 0.798^49 of the rotations.
TEST_F(GoldenFoldFlow, OracleEndsOnTheTruth) {
  for (const double stochasticity : {0.0, 0.1}) {
    FlowConfig config = foldflow();
    config.stochasticity = stochasticity;
    const Interpolant flow(config, {}, Polymer::kProtein);
    const NoiseRequest request{.lengths = {7}, .indices = {3}, .seed = 4};
    const FlowState end{truth.translations.narrow(0, 0, 1), truth.rotations.narrow(0, 0, 1)};
    const std::vector<double> times = flow.sampling_times(50);
    FlowState state = flow.sample_noise(request);
    const Tensor start = state.translations.to(at::kDouble);
    state = {start, state.rotations.to(at::kDouble)};
    for (std::size_t k = 0; k + 1 < times.size(); ++k) {
      const double dt = times[k + 1] - times[k];
      state = flow.diffused(flow.euler_step(state, end, times[k], dt), request, static_cast<int>(k), dt);
    }
    const Tensor left = state.translations - end.translations - 0.01 * (start - end.translations);
    const double turn = rotation_between(state.rotations, end.rotations).norm(2, -1).max().item<double>();
    EXPECT_LE(left.abs().max().item<double>(), stochasticity == 0 ? 1e-9 : 0.1 * 10 * std::sqrt(0.03) * 4);
    EXPECT_LE(turn, stochasticity == 0 ? 1e-4 : 0.3);
  }
}

TEST_F(GoldenFoldFlow, NarrowRotationsHaveTheMomentsOfTheSeries) {
  const Tensor sigmas = read("igso3/sigma");
  RandomStream stream(7, "test");
  constexpr int64_t kDraws = 200'000;
  for (int64_t k = 0; k < sigmas.numel(); ++k) {
    const Tensor angles = sample_narrow_igso3(sigmas[k].item<double>(), kDraws, stream).norm(2, 1);
    const double mean = read("igso3/mean_angle")[k].item<double>(),
                 squared = read("igso3/mean_squared_angle")[k].item<double>();
    const double error = std::sqrt((squared - mean * mean) / kDraws);  // one standard error of the mean
    EXPECT_NEAR(angles.mean().item<double>(), mean, 4 * error);
    EXPECT_NEAR(angles.square().mean().item<double>() / squared, 1.0, 0.01);
  }
}

// Each noise goes to one datum alone, in batches of unequal lengths too; and the total cost is at most that of the
// order in which they were drawn.
TEST_F(GoldenFoldFlow, CouplingNeverCostsMoreThanTheOrderOfTheDraws) {
  const std::vector<TranslationPrior> priors(4, TranslationPrior(10.0));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream stream(seed, "test");
    const Tensor noise = stream.normal({4, 7, 3});
    const Tensor turns = sample_uniform_rotations(28, stream).view({4, 7, 3, 3});
    const FrameCoupling coupled =
        couple_frames(noise, turns, truth.translations, truth.rotations, truth.lengths, priors, 10.0);
    double cost = 0;
    std::vector<int> uses(4, 0);
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t j = coupled.datum_of_noise[static_cast<std::size_t>(i)];
      cost += coupled.costs[i][j].item<double>();
      ++uses[static_cast<std::size_t>(j)];
      EXPECT_TRUE(at::equal(coupled.rotations[j], turns[i]));
    }
    EXPECT_LE(cost, coupled.costs.diagonal().sum().item<double>() + 1e-12);
    EXPECT_EQ(uses, std::vector<int>(4, 1));
  }
}

}  // namespace
}  // namespace flashrna
