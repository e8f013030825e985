#include "libfold/sampling/conformer_draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "kernels/torch_headers.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "rna/nucleotide.h"

namespace flashrna {
namespace {

using at::Tensor;

Tensor unit(const Tensor& x) { return x / x.square().sum(-1, true).sqrt(); }

// A chain of 4 residues with 3 conformers, whose 81 choices can be enumerated.
struct SmallChain {
  Tensor logits, links;  // [1, 4, 3], [1, 3, 3, 3]

  std::map<std::vector<int64_t>, double> probabilities() const {
    std::map<std::vector<int64_t>, double> all;
    double sum = 0.0;
    for (int64_t number = 0; number < 81; ++number) {
      std::vector<int64_t> choice;
      for (int64_t i = 0, rest = number; i < 4; ++i, rest /= 3) choice.push_back(rest % 3);
      double log_weight = 0.0;
      for (std::size_t i = 0; i < choice.size(); ++i) {
        const auto row = static_cast<int64_t>(i);
        log_weight += logits[0][row][choice[i]].item<double>();
        if (i > 0) log_weight += links[0][row - 1][choice[i - 1]][choice[i]].item<double>();
      }
      sum += all[choice] = std::exp(log_weight);
    }
    for (auto& [choice, p] : all) p /= sum;
    return all;
  }
};

SmallChain small_chain() {
  return {RandomStream(1, "logits").normal({1, 4, 3}), RandomStream(1, "links").normal({1, 3, 3, 3}) * 2};
}

TEST(DrawnConformers, ComeWithTheProbabilityOfTheWholeChain) {
  const int64_t L = 4, K = 3, samples = 60000;
  const auto [logits, links] = small_chain();
  const Tensor drawn = drawn_conformers(logits.expand({samples, L, K}), links.expand({samples, L - 1, K, K}),
                                        RandomStream(2, "draws").uniform({samples, L}));
  std::map<std::vector<int64_t>, double> found;
  for (int64_t s = 0; s < samples; ++s) {
    const int64_t* row = drawn.const_data_ptr<int64_t>() + s * L;
    found[{row, row + L}] += 1.0 / static_cast<double>(samples);
  }
  for (const auto& [choice, p] : small_chain().probabilities()) {
    const double deviation = std::sqrt(p * (1 - p) / static_cast<double>(samples));
    EXPECT_NEAR(found[choice], p, 5 * deviation + 1e-9);
  }
}

// Every conformer is as frequent as by its residue's own probabilities, and the odds of combinations are those of the
// links.
TEST(DrawnConformers, KeepTheirOwnProbabilitiesBesideLinks) {
  SmallChain chain = small_chain();
  const Tensor wanted = chain.logits.softmax(2);
  const auto marginals = [&] {
    Tensor sums = at::zeros({4, 3}, at::kDouble);
    for (const auto& [choice, p] : chain.probabilities())
      for (int64_t i = 0; i < 4; ++i) sums[i][choice[static_cast<std::size_t>(i)]] += p;
    return sums;
  };
  const auto error = [&] { return (marginals() - wanted[0]).abs().max().item<double>(); };
  const auto odds = [&] {
    auto p = chain.probabilities();
    return p[{0, 1, 2, 0}] * p[{0, 0, 0, 0}] / (p[{0, 1, 0, 0}] * p[{0, 0, 2, 0}]);
  };
  const double odds_before = odds();
  EXPECT_GT(error(), 0.2) << "links alone change them";
  chain.logits = with_own_marginals(chain.logits, chain.links);
  EXPECT_LT(error(), 1e-3);
  EXPECT_NEAR(odds() / odds_before, 1.0, 1e-9);
}

TEST(DrawnConformers, WithoutLinksHaveTheLogitsThatTheyHad) {
  const Tensor logits = RandomStream(1, "logits").normal({2, 5, 3});
  const Tensor fitted = with_own_marginals(logits, at::zeros({2, 4, 3, 3}));
  EXPECT_TRUE(at::allclose(fitted.softmax(2), logits.softmax(2), 1e-9, 1e-12));
}

TEST(DrawnConformers, OfThousandsOfResiduesStayFinite) {
  const int64_t L = 5000, K = 8;
  const Tensor links = RandomStream(1, "links").normal({1, L - 1, K, K}).abs() * -1e4;
  const Tensor logits = with_own_marginals(RandomStream(1, "logits").normal({1, L, K}) * 10, links);
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
  const Tensor drawn = drawn_conformers(logits, links, RandomStream(2, "draws").uniform({1, L}));
  EXPECT_GE(drawn.min().item<int64_t>(), 0);
  EXPECT_LT(drawn.max().item<int64_t>(), K);
  EXPECT_EQ(std::get<0>(at::_unique(drawn)).numel(), K) << "all are drawn";
}

struct Chain {
  FlowModelOutput prediction;
  ChainLinks links;
};

// Two chains of random frames and conformers; the second has a gap in the residue index after its third residue and
// ends before the last.
Chain make_chain() {
  const int64_t B = 2, L = 6, K = 3;
  Chain chain;
  chain.prediction.translations = RandomStream(3, "x").normal({B, L, 3}).cumsum(1) * 4;
  chain.prediction.rotations = so3_exp(RandomStream(3, "r").normal({B, L, 3}));
  chain.prediction.conformers = {unit(RandomStream(3, "s").normal({B, L, K, 9, 2})),
                                 RandomStream(3, "logits").normal({B, L, K})};
  set_torsions(chain.prediction, chain.prediction.conformers.take(at::zeros({B, L}, at::kLong)), Polymer::kRna);
  chain.links = {at::arange(L).expand({B, L}).clone(), at::tensor({6, 5}, at::kLong)};
  chain.links.residue_index[1].narrow(0, 3, 3) += 4;
  return chain;
}

TEST(LinkLogWeights, AreThoseOfTheAtomsOfEachPairOfConformers) {
  const Chain chain = make_chain();
  const PolymerBackbone& backbone = rna_backbone();
  const Tensor weights = link_log_weights(chain.prediction, chain.links, Polymer::kRna);
  const FlowModelOutput& x = chain.prediction;
  const auto atoms_of = [&](int64_t b, int64_t i, int64_t k) {
    return backbone.place(x.rotations[b][i], x.translations[b][i], x.conformers.torsions[b][i][k].narrow(0, 0, 8),
                          {kC3, kO3, kP, kO5});
  };
  const auto cosine = [](const Tensor& u, const Tensor& v) {
    return (u.dot(v) / (u.norm() * v.norm())).item<double>();
  };
  for (int64_t n = 0; n < 2 * 5 * 3 * 3; ++n) {
    const int64_t l = n % 3, k = n / 3 % 3, i = n / 9 % 5, b = n / 45;
    const Tensor first = atoms_of(b, i, k), second = atoms_of(b, i + 1, l);
    const Tensor bond = second[2] - first[1];
    const double length = (bond.norm().item<double>() - kO3PBondLength) / 0.22;
    const double before = (cosine(first[0] - first[1], bond) - std::cos(kC3O3PAngle)) / 0.18;
    const double after = (cosine(-bond, second[3] - second[2]) - std::cos(kO3PO5Angle)) / 0.18;
    const bool linked = b == 0 || (i != 2 && i != 4);
    const double expected = !linked ? 0.0 : -0.5 * (length * length + before * before + after * after);
    EXPECT_NEAR(weights[b][i][k][l].item<double>(), expected, 2e-8 * (1 + std::abs(expected)));
  }
}

TEST(DrawnTorsions, GivenResiduesKeepTheirsAndTheOthersHaveOneConformerWhole) {
  const Chain chain = make_chain();
  Tensor fixed = at::zeros({2, 6}, at::kBool);
  fixed[0][2] = true;
  FlowModelOutput given = chain.prediction;
  given.torsions = chain.prediction.torsions.clone();
  given.torsions[0][2] = unit(RandomStream(8, "given").normal({8, 2}));
  const Tensor draws = RandomStream(9, "draws").uniform({2, 6});
  const Tensor torsions = drawn_torsions(given, fixed, chain.links, draws, Polymer::kRna);
  ASSERT_EQ(torsions.sizes(), (at::IntArrayRef{2, 6, 9, 2}));
  EXPECT_TRUE(at::equal(torsions[0][2].narrow(0, 0, 8), given.torsions[0][2]));
  EXPECT_TRUE(at::equal(torsions[0][2][8], given.chi[0][2]));
  const Tensor without = drawn_torsions(given, {}, chain.links, draws, Polymer::kRna);
  EXPECT_TRUE(at::equal(torsions[1], without[1])) << "the other chain";
  // What a chain ends with does not depend on the padding behind it.
  FlowModelOutput moved = given;
  moved.conformers.torsions = given.conformers.torsions.clone();
  moved.conformers.torsions[1][5] = unit(RandomStream(8, "padding").normal({3, 9, 2}));
  EXPECT_TRUE(at::equal(drawn_torsions(moved, {}, chain.links, draws, Polymer::kRna)[1].narrow(0, 0, 5),
                        without[1].narrow(0, 0, 5)));
  for (int64_t i = 0; i < 6; ++i) {
    if (i == 2) continue;
    bool found = false;
    for (int64_t k = 0; k < 3; ++k) found |= at::equal(torsions[0][i], chain.prediction.conformers.torsions[0][i][k]);
    EXPECT_TRUE(found) << "residue " << i;
  }
}

}  // namespace
}  // namespace flashrna
