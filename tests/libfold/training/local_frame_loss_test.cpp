#include "libfold/training/local_frame_loss.h"

#include <gtest/gtest.h>

#include "libfold/backbone/backbone_atoms.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Case {
  FlowModelOutput truth, prediction;
  Tensor partner, atom_mask, counted, lengths;
};

Tensor unit(const Tensor& x) { return x / x.square().sum(-1, true).sqrt(); }

Case make_case() {
  const int64_t B = 2, L = 31;
  const auto draw = [&](const char* name, std::vector<int64_t> rest) {
    rest.insert(rest.begin(), {B, L});
    return RandomStream(2, name).normal(rest);
  };
  Case c;
  c.truth = {draw("x", {3}).cumsum(1) * 4, so3_exp(draw("r", {3})), unit(draw("s", {8, 2})), {}};
  c.prediction = {c.truth.translations + draw("dx", {3}),
                  at::matmul(c.truth.rotations, so3_exp(draw("dr", {3}) * 0.2)),
                  unit(c.truth.torsions + draw("ds", {8, 2}) * 0.2),
                  {}};
  c.lengths = at::tensor({31, 12}, at::kLong);
  c.partner = at::full({B, L}, -1, at::kLong);
  c.partner[0][0] = 30, c.partner[0][30] = 0;
  c.atom_mask = draw("mask", {13}) > -1.0;
  c.counted = (at::arange(L).unsqueeze(0) < c.lengths.unsqueeze(1)) & (at::arange(L) != 4);
  return c;
}

Tensor loss_of(const Case& c) {
  return local_frame_loss(c.prediction, c.truth, c.partner, c.atom_mask, c.counted, c.lengths);
}

// The definition with all pairs of residues in memory.
Tensor plain_loss(const Case& c) {
  const std::vector<int> slots = {kC4, kC1, kGlycosidicNitrogen, kP};
  const auto local = [&](const FlowModelOutput& x) {  // [B, i, j, 4, 3]
    const Tensor atoms = backbone_atoms(x.rotations, x.translations, x.torsions, slots);
    const Tensor offset = atoms.unsqueeze(1) - x.translations.unsqueeze(2).unsqueeze(3);
    return at::matmul(offset, x.rotations.unsqueeze(2));
  };
  const Tensor errors = ((local(c.prediction) - local(c.truth)).square().sum(4) + 1e-4).sqrt().clamp_max(8.0);
  const int64_t L = c.counted.size(1);
  Tensor result = at::zeros({c.lengths.size(0)}, at::kDouble);
  for (int64_t b = 0; b < result.size(0); ++b) {
    const int64_t n = c.lengths[b].item<int64_t>();
    double sum = 0.0, count = 0.0;
    for (int64_t i = 0; i < L; ++i) {
      if (!c.counted[b][i].item<bool>()) continue;
      const Tensor x = c.truth.translations[b].narrow(0, 0, n);
      Tensor distance = (x - x[i]).norm(2, 1);
      distance[i] = 1e9;
      std::vector<int64_t> neighbors;
      const Tensor order = distance.argsort();
      for (int64_t k = 0; k < std::min<int64_t>(20, n - 1); ++k) neighbors.push_back(order[k].item<int64_t>());
      if (const int64_t j = c.partner[b][i].item<int64_t>(); j >= 0) neighbors.push_back(j);
      for (int64_t j : neighbors)
        for (std::size_t a = 0; a < slots.size(); ++a) {
          if (!c.atom_mask[b][j][slots[a]].item<bool>()) continue;
          sum += errors[b][i][j][static_cast<int64_t>(a)].item<double>();
          count += 1.0;
        }
    }
    result[b] = sum / count;
  }
  return result;
}

TEST(LocalFrameLoss, IsThePlainDefinition) {
  const Case c = make_case();
  expect_close("loss", loss_of(c), plain_loss(c), 1e-12);
}

TEST(LocalFrameLoss, ARigidMotionOfThePredictionChangesNothing) {
  Case c = make_case();
  const Tensor before = loss_of(c), rotation = so3_exp(at::tensor({1.0, 2.0, -0.5}, at::kDouble));
  c.prediction.translations = at::matmul(c.prediction.translations, rotation.t()) + 300.0;
  c.prediction.rotations = at::matmul(rotation, c.prediction.rotations);
  expect_close("loss", loss_of(c), before, 1e-10);
}

TEST(LocalFrameLoss, IsTheFloorOfTheSquareRootForThePerfectPrediction) {
  Case c = make_case();
  c.prediction = c.truth;
  expect_close("loss", loss_of(c), at::full({2}, 0.01, at::kDouble), 1e-9);
}

TEST(LocalFrameLoss, GradientsAreThoseOfFiniteDifferences) {
  Case c = make_case();
  const Tensor x = c.prediction.translations, way = RandomStream(3, "way").normal(x.sizes());
  c.prediction.translations = x.clone().requires_grad_();
  loss_of(c).sum().backward();
  const double got = (c.prediction.translations.grad() * way).sum().item<double>();
  const auto at_step = [&](double h) {
    c.prediction.translations = x + way * h;
    return loss_of(c).sum().item<double>();
  };
  constexpr double kStep = 1e-6;
  EXPECT_NEAR(got / ((at_step(kStep) - at_step(-kStep)) / (2 * kStep)), 1.0, 1e-6);
}

}  // namespace
}  // namespace flashrna
