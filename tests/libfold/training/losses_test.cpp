#include "libfold/training/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/configuration.h"
#include "libfold/flow/so3.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Case {
  Batch truth;
  Corrupted noisy;
  FlowModelOutput prediction;
};

Tensor normalized(const Tensor& pairs) { return pairs / pairs.square().sum(-1, true).sqrt(); }

// Ragged, with undefined torsions. The prediction is close to the truth, like that of a trained network.
Case make_case(const std::vector<int64_t>& lengths, int64_t L, double deviation = 0.1) {
  Case c;
  const auto B = static_cast<int64_t>(lengths.size());
  c.truth.lengths = at::tensor(lengths, at::kLong);
  const auto draw = [&](const char* purpose, at::IntArrayRef shape) {
    std::vector<int64_t> full = {B, L};
    full.insert(full.end(), shape.begin(), shape.end());
    Tensor values = at::empty(full, at::kDouble);
    // By residue, so that the values do not depend on the padding.
    for (int64_t b = 0; b < B; ++b)
      for (int64_t i = 0; i < L; ++i)
        values[b][i].copy_(RandomStream(1, purpose, {std::uint64_t(b), std::uint64_t(i)}).normal(shape));
    return values;
  };
  c.truth.translations = draw("translations", {3}) * 10;
  c.truth.rotations = so3_exp(draw("rotations", {3}));
  c.truth.torsions = normalized(draw("torsions", {kTorsions, 2}));
  c.truth.torsion_mask = draw("mask", {kTorsions}) > -1.0;
  c.truth.residue_index = at::arange(L, at::kLong).expand({B, L}).clone();
  c.noisy.t = at::linspace(0.3, 0.8, B, at::kDouble);
  c.noisy.translations = at::zeros_like(c.truth.translations);
  c.noisy.rotations = at::matmul(c.truth.rotations, so3_exp(draw("noise", {3}) * 0.5));
  c.prediction.translations = c.truth.translations + draw("dx", {3}) * deviation;
  c.prediction.rotations = at::matmul(c.truth.rotations, so3_exp(draw("dr", {3}) * deviation));
  c.prediction.torsions = normalized(c.truth.torsions + draw("ds", {kTorsions, 2}) * deviation);
  return c;
}

LossConfig with_atoms(int atoms) {
  LossConfig config;
  config.atoms = atoms;
  return config;
}

Losses losses_of(const Case& c, int atoms) {
  return compute_losses(c.truth, c.noisy, c.prediction, with_atoms(atoms), {});
}

void expect_same(const std::string& name, const Losses& got, const Losses& expected, double allowed) {
  expect_close(name + " translation", got.translation, expected.translation, allowed);
  expect_close(name + " rotation", got.rotation, expected.rotation, allowed);
  expect_close(name + " atoms", got.atoms, expected.atoms, allowed);
  expect_close(name + " distances", got.distances, expected.distances, allowed);
  expect_close(name + " torsions", got.torsions, expected.torsions, allowed);
  expect_close(name + " total", got.total, expected.total, allowed);
}

class LossesOfAtoms : public testing::TestWithParam<int> {};

TEST_P(LossesOfAtoms, PaddingAndUndefinedTorsionsDoNotCount) {
  const Case tight = make_case({7, 4}, 7);
  Case wide = make_case({7, 4}, 11);
  expect_same("wider padding", losses_of(wide, GetParam()), losses_of(tight, GetParam()), 1e-13);
  const Tensor undefined = ~wide.truth.torsion_mask.unsqueeze(-1);
  wide.truth.torsions = at::where(undefined, wide.truth.torsions.flip(-1), wide.truth.torsions);
  const auto padding = (~wide.truth.mask()).unsqueeze(-1);
  wide.prediction.translations = wide.prediction.translations + padding * 100.0;
  wide.truth.translations = wide.truth.translations - padding * 50.0;
  expect_same("other values where masked", losses_of(wide, GetParam()), losses_of(tight, GetParam()), 1e-13);
}

TEST_P(LossesOfAtoms, AreZeroWithFiniteGradientsForAPerfectPrediction) {
  Case c = make_case({9, 5, 1}, 9, 0.0);
  c.prediction = {c.truth.translations.clone().requires_grad_(), c.truth.rotations.clone().requires_grad_(),
                  c.truth.torsions.clone().requires_grad_()};
  const Losses losses = losses_of(c, GetParam());
  losses.total.backward();
  EXPECT_LE(losses.total.item<double>(), 1e-25);
  EXPECT_LE(c.prediction.translations.grad().abs().max().item<double>(), 1e-12);
  EXPECT_LE(c.prediction.rotations.grad().abs().max().item<double>(), 1e-12);
  EXPECT_LE(c.prediction.torsions.grad().abs().max().item<double>(), 1e-12);
}

TEST_P(LossesOfAtoms, AreUnchangedByRigidMotion) {
  const Case c = make_case({8, 6}, 8);
  const Tensor turn = so3_exp(at::tensor({0.3, -1.1, 0.7}, at::kDouble)),
               shift = at::tensor({5.0, -3.0, 8.0}, at::kDouble);
  Case moved = c;
  moved.truth.translations = at::matmul(c.truth.translations, turn.t()) + shift;
  moved.truth.rotations = at::matmul(turn, c.truth.rotations);
  moved.noisy.rotations = at::matmul(turn, c.noisy.rotations);
  moved.prediction.translations = at::matmul(c.prediction.translations, turn.t()) + shift;
  moved.prediction.rotations = at::matmul(turn, c.prediction.rotations);
  expect_same("moved", losses_of(moved, GetParam()), losses_of(c, GetParam()), 1e-12);
}

TEST_P(LossesOfAtoms, GradientsMatchFiniteDifferences) {
  const Case c = make_case({4, 3}, 4);
  const auto total = [&](const FlowModelOutput& prediction) {
    return compute_losses(c.truth, c.noisy, prediction, with_atoms(GetParam()), {}).total;
  };
  const Tensor &x = c.prediction.translations, &s = c.prediction.torsions;
  EXPECT_LE(gradient_error(
                [&](const Tensor& v) {
                  return total({v, c.prediction.rotations, c.prediction.torsions});
                },
                x),
            1e-7);
  EXPECT_LE(gradient_error(
                [&](const Tensor& w) {
                  return total({c.prediction.translations, at::matmul(c.prediction.rotations, so3_exp(w)),
                                c.prediction.torsions});
                },
                at::zeros_like(x)),
            1e-7);
  EXPECT_LE(gradient_error(
                [&](const Tensor& v) {
                  return total({c.prediction.translations, c.prediction.rotations, v});
                },
                s),
            1e-7);
}

TEST(TorsionLoss, ChiCountsAsANinthTorsionWhereItIsDefined) {
  Case c = make_case({5, 3}, 5);
  const Losses eight = losses_of(c, 3);
  const int64_t B = 2, L = 5;
  c.truth.chi = normalized(RandomStream(1, "chi").normal({B, L, 2}));
  c.truth.chi_mask = (at::arange(L) != 1).expand({B, L}).clone();
  EXPECT_TRUE(at::equal(losses_of(c, 3).torsions, eight.torsions)) << "the network predicts eight";
  c.prediction.chi = normalized(c.truth.chi + 0.3 * RandomStream(2, "chi").normal({B, L, 2}));
  const Losses nine = losses_of(c, 3);
  for (int64_t b = 0; b < B; ++b) {
    double sum = 0, counted = 0;
    for (int64_t i = 0; i < (b == 0 ? 5 : 3); ++i) {
      for (int64_t k = 0; k < kTorsions; ++k) {
        if (!c.truth.torsion_mask[b][i][k].item<bool>()) continue;
        sum += (c.prediction.torsions[b][i][k] - c.truth.torsions[b][i][k]).square().sum().item<double>();
        counted += 1;
      }
      if (i == 1) continue;
      sum += (c.prediction.chi[b][i] - c.truth.chi[b][i]).square().sum().item<double>();
      counted += 1;
    }
    EXPECT_NEAR(nine.torsions[b].item<double>(), sum / counted, 1e-12);
  }
}

// Nine of ten residues have gamma = 52 degrees and one has 180, as gauche+ and trans riboses of A-form RNA; every
// residue is predicted to have the same.
TEST(TorsionLoss, AbsoluteErrorIsLeastForTheCommonConformerAndSquaredErrorForTheMean) {
  constexpr int64_t kL = 10;
  Case c = make_case({kL}, kL);
  const auto pair = [](double degrees) {
    const double angle = degrees * std::numbers::pi / 180;
    return at::tensor({std::sin(angle), std::cos(angle)}, at::kDouble);
  };
  c.truth.torsions.copy_(pair(52));
  c.truth.torsions[0][0].copy_(pair(180));
  const auto least = [&](const std::string& error) {
    LossConfig config;
    config.torsion_error = error;
    double best = 0, lowest = INFINITY;
    for (double degrees = 0; degrees < 360; degrees += 0.5) {
      c.prediction.torsions.copy_(pair(degrees));
      const double loss = compute_losses(c.truth, c.noisy, c.prediction, config, {}).torsions.item<double>();
      if (loss < lowest) lowest = loss, best = degrees;
    }
    return best;
  };
  EXPECT_EQ(least("absolute"), 52);
  const Tensor mean = 0.9 * pair(52) + 0.1 * pair(180);
  EXPECT_NEAR(least("squared"), std::atan2(mean[0].item<double>(), mean[1].item<double>()) * 180 / std::numbers::pi,
              0.25);
}

INSTANTIATE_TEST_SUITE_P(Counts, LossesOfAtoms, testing::Values(3, 6, 10, 13));

// Two residues with three atoms each; all other values are computed by hand.
TEST(Losses, DenominatorsAreTheNumbersOfThingsSummed) {
  Case c = make_case({2}, 2, 0.0);
  c.noisy.t.fill_(0.5);  // scale 2
  c.truth.torsion_mask.fill_(false);
  c.truth.torsion_mask[0][1][3] = true;
  // The second residue moves 3 Å along the line between the two.
  const Tensor line = normalized(c.truth.translations[0][1] - c.truth.translations[0][0]);
  c.prediction.translations = c.truth.translations.clone();
  c.prediction.translations[0][1] += 3 * line;
  c.prediction.torsions[0][1][3] += at::tensor({0.3, 0.4}, at::kDouble);
  c.prediction.torsions[0][0] += 5.0;  // undefined torsion
  const Losses losses = losses_of(c, 3);
  EXPECT_NEAR(losses.translation.item<double>(), 2.0 * 9 * 0.04 / (3 * 2), 1e-12);
  EXPECT_NEAR(losses.rotation.item<double>(), 0.0, 1e-20);
  EXPECT_NEAR(losses.atoms.item<double>(), 3 * 9 * 0.04 / 6, 1e-12);
  EXPECT_NEAR(losses.torsions.item<double>(), 0.25, 1e-12);
  LossConfig absolute = with_atoms(3);
  absolute.torsion_error = "absolute";
  EXPECT_NEAR(compute_losses(c.truth, c.noisy, c.prediction, absolute, {}).torsions.item<double>(),
              std::sqrt(0.25 + 1e-4) - 0.01, 1e-12);
  const std::vector<int> slots = {kC3, kC4, kO4};
  const Tensor x = backbone_atoms(c.truth.rotations[0], c.truth.translations[0], c.truth.torsions[0], slots);
  double sum = 0.0;
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      const Tensor between = x[1][j] - x[0][i];
      const double change = ((between + 3 * line).norm() - between.norm()).item<double>();
      sum += 2 * change * change;
    }
  }
  EXPECT_NEAR(losses.distances.item<double>(), sum * 0.04 / 30, 1e-12);
}

TEST(Losses, AuxiliaryLossesCountOnlyLateInThePath) {
  Case c = make_case({5, 5}, 5);
  c.noisy.t = at::tensor({0.25, 0.2500001}, at::kDouble);
  const Losses losses = losses_of(c, 3);
  EXPECT_EQ(losses.auxiliary[0].item<double>(), 0.0);
  EXPECT_NEAR(losses.auxiliary[1].item<double>(), (losses.atoms + losses.distances + losses.torsions)[1].item<double>(),
              1e-12);
}

TEST(Losses, NotANumberIsKept) {
  Case c = make_case({5, 5}, 5);
  c.prediction.translations[0][2][1] = NAN;
  EXPECT_TRUE(std::isnan(losses_of(c, 3).total.item<double>()));
}

TEST(Losses, RefusesSettingsOutsideTheirRange) {
  for (const auto& [key, value] : {std::pair("losses.atoms", "4"),
                                   {"losses.t_clip", "1"},
                                   {"losses.atom_scale", "0"},
                                   {"losses.torsion_weight", "-0.1"},
                                   {"losses.torsion_error", "median"},
                                   {"losses.auxiliary_min_t", "1.5"}}) {
    LossConfig config;
    Configuration configuration;
    config.add_options(configuration);
    configuration.set(key, value, "test");
    EXPECT_THROW(config.validate(), UsageError) << key;
  }
}

}  // namespace
}  // namespace flashrna
