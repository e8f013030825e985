#include "libfold/training/base_pair_loss.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "libfold/backbone/backbone_atoms.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "rna/pairs/secondary_structure.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr int64_t kLength = 12;

FlowModelOutput drawn_backbone(const char* name, int64_t batch) {
  const auto draw = [&](std::uint64_t part, std::vector<int64_t> rest) {
    rest.insert(rest.begin(), {batch, kLength});
    return RandomStream(4, name, {part}).normal(rest);
  };
  const Tensor torsions = draw(2, {8, 2});
  return {draw(0, {3}).cumsum(1) * 4, so3_exp(draw(1, {3})), torsions / torsions.norm(2, -1, true), {}};
}

// Chain 0 has the pairs 1-9 and 2-8, chain 1 has none that is specified.
Tensor drawn_partner() {
  Tensor partner = at::full({2, kLength}, kUnpaired, at::kLong);
  for (const auto& [i, j] : {std::pair{1, 9}, {2, 8}}) partner[0][i] = j, partner[0][j] = i;
  partner[1].fill_(kUnspecified);
  return partner;
}

TEST(BasePairLoss, IsTheSumOverTheFourDistancesOfThePairs) {
  const FlowModelOutput truth = drawn_backbone("truth", 2), prediction = drawn_backbone("prediction", 2);
  const std::array<int, 2> slots = {kC1, kGlycosidicNitrogen};
  const auto distance = [](const FlowModelOutput& x, int64_t i, int slot, int64_t j, int other) {
    const Tensor atoms = backbone_atoms(x.rotations, x.translations, x.torsions, {slot, other})[0];
    return (atoms[i][0] - atoms[j][1]).norm().item<double>();
  };
  double sum = 0.0;
  for (const auto& [i, j] : {std::pair{1, 9}, {2, 8}})
    for (const int a : slots)
      for (const int b : slots) {
        const double error = std::abs(distance(truth, i, a, j, b) - distance(prediction, i, a, j, b));
        sum += error < 1 ? error * error : 2 * error - 1;
      }
  const Tensor loss = base_pair_loss(prediction, truth, drawn_partner(), at::ones({2, kLength}, at::kBool));
  EXPECT_NEAR(loss[0].item<double>(), sum / 2, 1e-5);
  EXPECT_EQ(loss[1].item<double>(), 0.0) << "no pair is specified";
}

TEST(BasePairLoss, ExcludesPairsOfWhichNeitherResidueIsCounted) {
  const FlowModelOutput truth = drawn_backbone("truth", 2), prediction = drawn_backbone("prediction", 2);
  Tensor counted = at::ones({2, kLength}, at::kBool), partner = drawn_partner();
  counted[0][1] = counted[0][9] = counted[0][2] = false;  // the pair 2-8 still has residue 8
  const Tensor loss = base_pair_loss(prediction, truth, partner, counted);
  partner[0][1] = partner[0][9] = kUnpaired;
  const Tensor other = base_pair_loss(prediction, truth, partner, at::ones({2, kLength}, at::kBool));
  EXPECT_EQ(loss[0].item<double>(), other[0].item<double>());
  EXPECT_GT(loss[0].item<double>(), 0.0);
}

TEST(BasePairLoss, GradientsAreThoseOfFiniteDifferences) {
  const FlowModelOutput truth = drawn_backbone("truth", 2), prediction = drawn_backbone("prediction", 2);
  const Tensor way = RandomStream(5, "way").normal(prediction.translations.sizes());
  const auto loss_at = [&](const Tensor& translations) {
    FlowModelOutput moved = prediction;
    moved.translations = translations;
    return base_pair_loss(moved, truth, drawn_partner(), at::ones({2, kLength}, at::kBool)).sum();
  };
  const Tensor x = prediction.translations.clone().requires_grad_();
  loss_at(x).backward();
  constexpr double kStep = 1e-6;
  const double slope =
      (loss_at(prediction.translations + way * kStep) - loss_at(prediction.translations - way * kStep)).item<double>() /
      (2 * kStep);
  EXPECT_NEAR((x.grad() * way).sum().item<double>() / slope, 1.0, 1e-6);
}

}  // namespace
}  // namespace flashrna
