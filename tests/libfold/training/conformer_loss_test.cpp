#include "libfold/training/conformer_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/torch_headers.h"
#include "libfold/random_streams.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr double kSmoothness = 0.01;

Tensor unit(const Tensor& x) { return x / x.square().sum(-1, true).sqrt(); }

struct Case {
  Conformers conformers;
  Tensor truth, counted;
};

Case make_case() {
  const int64_t B = 2, L = 7, K = 4, n = 5;
  Case c;
  c.conformers.torsions = unit(RandomStream(3, "x").normal({B, L, K, n, 2}));
  c.conformers.logits = RandomStream(3, "logits").normal({B, L, K});
  c.truth = unit(RandomStream(3, "y").normal({B, L, n, 2}));
  c.counted = RandomStream(3, "counted").normal({B, L, n}) > -0.8;
  c.counted[1][2] = false;  // a residue without any
  return c;
}

Tensor loss_of(const Case& c) { return conformer_loss(c.conformers, c.truth, c.counted); }

double smooth(double squared) { return std::sqrt(squared + kSmoothness * kSmoothness) - kSmoothness; }

double plain_distance(const Tensor& x, const Tensor& y, const Tensor& counted) {
  double squared = 0.0, own = 0.0, count = 0.0;
  for (int64_t t = 0; t < counted.size(0); ++t) {
    if (!counted[t].item<bool>()) continue;
    const double of_torsion = (x[t] - y[t]).square().sum().item<double>();
    squared += of_torsion;
    own += smooth(of_torsion);
    count += 1.0;
  }
  return smooth(squared / count) + own / count;
}

// The definition, residue by residue.
double plain_loss(const Case& c, int64_t b) {
  double total = 0.0, residues = 0.0;
  for (int64_t i = 0; i < c.truth.size(1); ++i) {
    const Tensor counted = c.counted[b][i], x = c.conformers.torsions[b][i], p = c.conformers.logits[b][i].softmax(0);
    if (!counted.any().item<bool>()) continue;
    residues += 1.0;
    for (int64_t k = 0; k < x.size(0); ++k) {
      total += p[k].item<double>() * plain_distance(x[k], c.truth[b][i], counted);
      for (int64_t l = 0; l < x.size(0); ++l)
        total -= 0.5 * p[k].item<double>() * p[l].item<double>() * plain_distance(x[k], x[l], counted);
    }
  }
  return total / residues;
}

TEST(ConformerLoss, IsTheDefinition) {
  const Case c = make_case();
  const Tensor loss = loss_of(c);
  for (int64_t b = 0; b < 2; ++b) EXPECT_NEAR(loss[b].item<double>(), plain_loss(c, b), 1e-12);
}

TEST(ConformerLoss, GradientsAreThoseOfFiniteDifferences) {
  Case c = make_case();
  c.conformers.torsions.requires_grad_();
  c.conformers.logits.requires_grad_();
  loss_of(c).sum().backward();
  for (Tensor* variable : {&c.conformers.torsions, &c.conformers.logits}) {
    const Tensor gradient = variable->grad(), direction = RandomStream(5, "direction").normal(variable->sizes());
    const at::NoGradGuard no_grad;
    const Tensor start = variable->clone();
    const auto moved = [&](double step) {
      variable->copy_(start + step * direction);
      return loss_of(c).sum().item<double>();
    };
    const double numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    variable->copy_(start);
    EXPECT_NEAR((gradient * direction).sum().item<double>(), numeric, 1e-8);
  }
}

TEST(ConformerLoss, UndefinedTorsionsChangeNothing) {
  Case c = make_case();
  const Tensor before = loss_of(c);
  c.truth = at::where(c.counted.unsqueeze(3), c.truth, at::full({}, 1e3, at::kDouble));
  EXPECT_TRUE(at::equal(loss_of(c), before));
  c.counted.fill_(false);
  EXPECT_EQ(loss_of(c).abs().max().item<double>(), 0.0);
}

Tensor at_degrees(const std::vector<double>& degrees) {
  const Tensor a = at::tensor(degrees, at::kDouble) * (M_PI / 180);
  return at::stack({a.sin(), a.cos()}, 1);  // [n, 2]
}

// Two torsions that are both near 60 degrees or both near 180: of all probabilities of the two conformers, those of the
// data have the least expected score; and two conformers that mix the torsions have a higher one, although each torsion
// alone is as in the data.
TEST(ConformerLoss, IsLeastForTheDistributionOfTheData) {
  const Tensor gauche = at_degrees({60, 60}), trans = at_degrees({180, 180});
  const Tensor counted = at::ones({1, 1, 2}, at::kBool);
  const auto expected = [&](const Tensor& first, const Tensor& second, double p) {
    const Conformers conformers{at::stack({first, second}).view({1, 1, 2, 2, 2}),
                                at::tensor({p, 1 - p}, at::kDouble).log().view({1, 1, 2})};
    const auto score = [&](const Tensor& truth) {
      return conformer_loss(conformers, truth.view({1, 1, 2, 2}), counted).item<double>();
    };
    return 0.7 * score(gauche) + 0.3 * score(trans);
  };
  double best = 0.0, least = 1e9;
  for (int percent = 1; percent < 100; ++percent) {
    const double score = expected(gauche, trans, percent / 100.0);
    if (score < least) least = score, best = percent / 100.0;
  }
  EXPECT_NEAR(best, 0.7, 1e-9);
  EXPECT_GT(expected(at_degrees({60, 180}), at_degrees({180, 60}), 0.5), expected(gauche, trans, 0.5) + 0.1);
}

// Delta is 80 degrees in two thirds of the data and 147 in the rest; eight more torsions vary over the circle, which
// two conformers cannot follow. The best two conformers still have the two values of delta: all others on a grid of 10
// degrees, with the probability of the first from 0.5 to 0.9, score higher.
TEST(ConformerLoss, KeepsTwoValuesOfOneTorsionWhereTheOthersVary) {
  const int64_t n = 9, data = 600;
  const Tensor others = RandomStream(7, "others").uniform({data, n - 1}) * 360;
  const Tensor delta = at::where(at::arange(data) % 3 < 2, 80.0, 147.0).to(at::kDouble);
  const Tensor angles = at::cat({delta.unsqueeze(1), others}, 1) * (M_PI / 180);
  const Tensor truth = at::stack({angles.sin(), angles.cos()}, 2).unsqueeze(0);  // [1, data, n, 2]
  const Tensor counted = at::ones({1, data, n}, at::kBool);
  const auto score = [&](double first, double second, double p) {
    std::vector<double> a(n, 60.0), b(n, 240.0);
    a[0] = first, b[0] = second;
    const Tensor conformers = at::stack({at_degrees(a), at_degrees(b)}).view({1, 1, 2, n, 2});
    const Tensor logits = at::tensor({p, 1 - p}, at::kDouble).log().view({1, 1, 2});
    return conformer_loss({conformers.expand({1, data, 2, n, 2}), logits.expand({1, data, 2})}, truth, counted)
        .item<double>();
  };
  double least = 1e9, first = 0.0, second = 0.0;
  for (int a = 60; a <= 160; a += 10) {
    for (int b = a; b <= 160; b += 10) {
      for (const double p : {0.5, 0.6, 0.7, 0.8, 0.9}) {
        const double value = score(a, b, p);
        if (value < least) least = value, first = a, second = b;
      }
    }
  }
  EXPECT_NEAR(first, 80.0, 10.0);
  EXPECT_NEAR(second, 150.0, 10.0);
}

TEST(Conformers, TheNearestIsTakenWithAllItsTorsions) {
  Case c = make_case();
  c.truth = c.conformers.torsions.select(2, 3).clone();
  const Tensor nearest = nearest_conformer(c.conformers, c.truth, c.counted);
  EXPECT_TRUE((at::where(c.counted.any(2), nearest, 3) == 3).all().item<bool>());
  EXPECT_TRUE(at::equal(c.conformers.take(at::full({2, 7}, 3, at::kLong)), c.truth));
}

}  // namespace
}  // namespace flashrna
