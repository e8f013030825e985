#include "libfold/flow/chain_prior.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "libfold/random_streams.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

const SizeLaw& kLaw = polymer_model(Polymer::kRna).size;

using at::Tensor;

ChainLayout with_gaps(int64_t length, const std::vector<int64_t>& gap_before, const std::vector<int64_t>& starts) {
  ChainLayout layout = ChainLayout::contiguous(length);
  for (int64_t place : gap_before)
    for (int64_t i = place; i < length; ++i) layout.residue_index[i] += 6;
  layout.molecule.assign(static_cast<std::size_t>(length), 0);
  for (int64_t place : starts)
    for (int64_t i = place; i < length; ++i) ++layout.molecule[i];
  return layout;
}

// Covariance of one coordinate of the uncentered chain, from its definition.
Tensor dense_covariance(const ChainLayout& layout) {
  const int64_t n = layout.length();
  Tensor covariance = at::zeros({n, n}, at::kDouble);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (layout.molecule[i] != layout.molecule[j]) continue;
      int64_t size = 0;
      for (int64_t molecule : layout.molecule) size += molecule == layout.molecule[i];
      const double b = chain_prior_persistence(kLaw, size);
      const auto apart = static_cast<double>(std::abs(layout.residue_index[i] - layout.residue_index[j]));
      covariance[i][j] = kLaw.step * kLaw.step / (1 - b * b) * std::pow(b, apart);
    }
  return covariance;
}

TEST(ChainPrior, VarianceAboutTheMeanIsTheFormulasIn20000Draws) {
  for (const int64_t n : {5, 30, 150, 4000}) {
    const ChainPrior prior(ChainLayout::contiguous(n), kLaw);
    constexpr int64_t kDraws = 6667;  // of three coordinates each
    double sum = 0.0;
    for (int64_t first = 0; first < kDraws; first += 100) {
      const int64_t count = std::min<int64_t>(100, kDraws - first);
      const Tensor x = prior.draw(RandomStream(1, "z", {std::uint64_t(n), std::uint64_t(first)}).normal({count, n, 3}));
      sum += (x - x.mean(1, true)).square().mean({1, 2}).sum().item<double>();
    }
    const double expected = chain_prior_variance(kLaw, chain_prior_persistence(kLaw, n), n), got = sum / kDraws;
    std::printf("  %4ld nt: variance %.2f, formula %.2f\n", static_cast<long>(n), got, expected);
    // The relative deviation of each draw's mean square is below sqrt(2); allows six standard errors.
    EXPECT_NEAR(got / expected, 1.0, 6 * std::sqrt(2.0 / (3 * kDraws)));
  }
}

TEST(ChainPrior, RadiusOfGyrationIsTheLawsWhereAChainCanReachIt) {
  for (const int64_t n : {20, 30, 31, 100, 1500, 20000}) {
    const double radius = std::sqrt(3 * chain_prior_variance(kLaw, chain_prior_persistence(kLaw, n), n));
    EXPECT_NEAR(radius / (5.66 * std::pow(static_cast<double>(n), 0.321)), 1.0, 1e-6) << n;
  }
  for (const int64_t n : {2, 5, 12}) EXPECT_EQ(chain_prior_persistence(kLaw, n), kLargestPersistence);
  EXPECT_EQ(chain_prior_persistence(kLaw, 1), 0.0);
}

TEST(ChainPrior, VarianceIsTheClosedForm) {
  for (const int64_t n : {2, 5, 30, 400})
    for (const double b : {0.0, 0.3, 0.9, 0.99}) {
      const auto m = static_cast<double>(n);
      const double closed = kLaw.step * kLaw.step / (1 - b * b) *
                            (1 - (1 + b) / ((1 - b) * m) + 2 * b * (1 - std::pow(b, m)) / (m * m * (1 - b) * (1 - b)));
      EXPECT_NEAR(chain_prior_variance(kLaw, b, n) / closed, 1.0, 1e-9) << n << ", " << b;
    }
}

TEST(ChainPrior, NeighborsAreAsFarApartAtEveryLength) {
  const auto distance = [](int64_t n) {
    const Tensor x =
        ChainPrior(ChainLayout::contiguous(n), kLaw).draw(RandomStream(2, "z").normal({400'000 / n, n, 3}));
    return (x.narrow(1, 1, n - 1) - x.narrow(1, 0, n - 1)).square().sum(2).mean().sqrt().item<double>();
  };
  const double at_60 = distance(60);
  for (const int64_t n : {5, 20, 150, 1000, 4000}) EXPECT_NEAR(distance(n) / at_60, 1.0, 0.03) << n;
}

TEST(ChainPrior, WhiteningUndoesDrawing) {
  const ChainPrior prior(with_gaps(60, {20, 41}, {35}), kLaw);
  const Tensor z = RandomStream(3, "z").normal({2, 60, 3});
  expect_close("z", prior.whiten(prior.draw(z)), z, 1e-12);
}

TEST(ChainPrior, DrawsHaveTheCovarianceOfTheirLayout) {
  const ChainLayout layout = with_gaps(40, {12}, {25});
  const Tensor unit = at::eye(40, at::kDouble).unsqueeze(2).expand({40, 40, 3});  // one unit innovation per row
  const Tensor factor = ChainPrior(layout, kLaw).draw(unit).select(2, 0);         // [innovation, residue]
  expect_close("covariance", at::matmul(factor.t(), factor), dense_covariance(layout), 1e-12);
}

TEST(ChainPrior, BridgesAreTheDenseGaussianConditional) {
  const ChainLayout layout = with_gaps(40, {7, 22}, {30});
  const ChainPrior prior(layout, kLaw);
  Tensor given = at::zeros({40}, at::kBool);
  for (int64_t i : {0, 9, 10, 11, 24, 33}) given[i] = true;
  const Tensor x = RandomStream(4, "x").normal({40, 3}) * 20;
  const Tensor covariance = dense_covariance(layout);
  const Tensor known = given.nonzero().squeeze(1), unknown = given.logical_not().nonzero().squeeze(1);
  const auto block = [&](const Tensor& a, const Tensor& b) { return covariance.index_select(0, a).index_select(1, b); };
  const Tensor gain = at::matmul(block(unknown, known), at::linalg_inv(block(known, known)));

  const Tensor mean = prior.bridge(at::zeros({40, 3}, at::kDouble), x, given);
  expect_close("given", mean.index_select(0, known), x.index_select(0, known), 0.0);
  expect_close("mean", mean.index_select(0, unknown), at::matmul(gain, x.index_select(0, known)), 1e-12);

  Tensor factor = at::zeros({40, 40}, at::kDouble);  // [innovation, residue]
  for (int64_t i = 0; i < 40; ++i) {
    Tensor z = at::zeros({40, 3}, at::kDouble);
    z[i].fill_(1.0);
    factor[i].copy_((prior.bridge(z, x, given) - mean).select(1, 0));
  }
  const Tensor got = at::matmul(factor.t(), factor).index_select(0, unknown).index_select(1, unknown);
  const Tensor expected = block(unknown, unknown) - at::matmul(gain, block(known, unknown));
  expect_close("covariance", got, expected, 1e-12);
}

TEST(ChainPrior, SpreadMoleculesHaveTheRadiusOfTheWhole) {
  // A short molecule, whose mean alone would be hundreds of Å away, and a long one.
  for (const auto& [n, cut] : {std::pair<int64_t, int64_t>{120, 60}, {60, 9}}) {
    const ChainPrior prior(with_gaps(n, {}, {cut}), kLaw);
    const Tensor x = prior.spread(prior.draw(RandomStream(7, "z").normal({4000, n, 3})));
    const double sum = (x - x.mean(1, true)).square().sum(2).mean().item<double>();
    const double radius = kLaw.radius_of_gyration(n);
    std::printf("  Rg %.2f, law %.2f\n", std::sqrt(sum), radius);
    // The centers vary about the center of residues by their sizes: less where one molecule is most of the whole.
    EXPECT_NEAR(std::sqrt(sum) / radius, 1.0, n == 120 ? 0.03 : 0.2);
  }
}

TEST(ChainPrior, SpreadingKeepsShapesAndMoleculesWithGivenResidues) {
  const ChainPrior prior(with_gaps(40, {}, {10, 25}), kLaw);
  const Tensor x = prior.draw(RandomStream(8, "z").normal({40, 3}));
  Tensor given = at::zeros({40}, at::kBool);
  given[12] = true;
  const Tensor apart = prior.spread(x, given);
  expect_close("with a given residue", apart.narrow(0, 10, 15), x.narrow(0, 10, 15), 0.0);
  for (const auto& [first, size] : {std::pair<int64_t, int64_t>{0, 10}, {25, 15}}) {
    const Tensor before = x.narrow(0, first, size), after = apart.narrow(0, first, size);
    expect_close("shape", after - after.mean(0), before - before.mean(0), 1e-12);
    EXPECT_GT((after.mean(0) - before.mean(0)).norm().item<double>(), 0.1);
  }
  const ChainPrior one(ChainLayout::contiguous(40), kLaw);
  expect_close("one molecule", one.spread(x), x, 0.0);
}

TEST(ChainLayout, IsReadFromRowsOfABatch) {
  const Tensor index = at::tensor({4, 5, 9, 10, 0}, at::kLong), chain = at::tensor({2, 2, 2, 3, 0}, at::kLong);
  const ChainLayout layout = ChainLayout::of_rows(index, chain, 4), plain = ChainLayout::of_rows({}, {}, 3);
  EXPECT_EQ(layout.residue_index, (std::vector<int64_t>{4, 5, 9, 10}));
  EXPECT_EQ(layout.molecule, (std::vector<int64_t>{2, 2, 2, 3}));
  EXPECT_EQ(layout.molecules(), 2);
  EXPECT_EQ(plain.residue_index, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(plain.molecules(), 1);
}

TEST(ChainPrior, OneResidueIsItsOwnCenter) {
  const Tensor z = RandomStream(6, "z").normal({1, 3});
  expect_close("x", ChainPrior(ChainLayout::contiguous(1), kLaw).draw(z), z * kLaw.step, 0.0);
}

}  // namespace
}  // namespace flashrna
