#include "rna/pairs/pseudoknots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "rna/pairs/dot_bracket.h"
#include "tests/rna/pairs/stems_between.h"
#include "tests/rna/pairs/test_uniform.h"

namespace flashrna {
namespace {

WeightedStructure structure_of(const std::string& text) {
  return {describe_secondary_structure(parse_dot_bracket(text, text).partner), 1.0};
}

// Joins hairpin loops to everything, with stems of one to three pairs.
PseudoknotModel example_model(double rate) {
  PseudoknotModel model;
  model.rate = rate;
  for (const LoopKind kind : {LoopKind::kBulge, LoopKind::kInterior, LoopKind::kMultiloop, LoopKind::kExterior})
    model.of_loops[loop_pair(LoopKind::kHairpin, kind)] = 1.0;
  model.of_separation = {1.0, 2.0, 1.0, 0.5};
  model.of_stem = {1.0, 2.0, 1.0};
  model.of_length = {1.0, 1.0, 1.0, 1.0};
  return model;
}

const std::string kHairpin = "....((((........))))....(((.(((......)))...)))......";

TEST(Pseudoknots, StemsCrossTheNestedStructureAndLeaveItAsItIs) {
  const std::vector<int> nested = structure_of(kHairpin).structure.partner;
  const Uniform uniform = test_uniform(1);
  int n_knotted = 0;
  for (int draw = 0; draw < 500; ++draw) {
    const std::vector<int> partner = draw_pseudoknots(example_model(0.001), nested, uniform);
    ASSERT_EQ(find_partner_fault(partner), std::nullopt);
    const SecondaryStructure structure = describe_secondary_structure(partner);
    for (std::size_t i = 0; i < nested.size(); ++i) {
      const int order_0 = structure.order[i] == 0 ? partner[i] : kUnpaired;
      ASSERT_EQ(order_0, nested[i]) << to_dot_bracket(partner) << ", nucleotide " << i + 1;
    }
    for (const Stem& stem : structure.stems) EXPECT_LE(stem.order > 0 ? stem.n_pairs : 0, 3);
    n_knotted += structure.pseudoknotted_share() > 0.0 ? 1 : 0;
  }
  EXPECT_GT(n_knotted, 100);
  EXPECT_LT(n_knotted, 450);
}

TEST(Pseudoknots, StemsAreAsFrequentAsTheirIntensitySays) {
  // One hairpin loop of 3 nucleotides and one strand of 4 behind it: 3 * 4 places for one pair, 2 * 3 for two, 1 * 2
  // for three. The strand before the stem is too close for none and has 2 nucleotides.
  const std::string text = "((((...))))....";
  const std::vector<int> nested = structure_of(text).structure.partner;
  PseudoknotModel model = example_model(0.01);
  const double expected = 0.01 * (1.0 * 12 + 2.0 * 6 + 1.0 * 2);  // distance 5: the first bin
  constexpr int kDraws = 20000;
  const Uniform uniform = test_uniform(2);
  int n_knotted = 0, n_pairs = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const SecondaryStructure structure = describe_secondary_structure(draw_pseudoknots(model, nested, uniform));
    for (const Stem& stem : structure.stems) {
      if (stem.i < 4) continue;
      ++n_knotted;
      n_pairs += stem.n_pairs;
    }
  }
  const double share = -std::expm1(-expected);
  EXPECT_NEAR(n_knotted, kDraws * share, 5.0 * std::sqrt(kDraws * share));
  EXPECT_NEAR(static_cast<double>(n_pairs) / n_knotted, (12 + 2 * 12 + 3 * 2) / 26.0, 0.05);
}

TEST(Pseudoknots, StemsBetweenLoopsCountAsTheirFactorSays) {
  // Three nested stems in each of two domains: 1 to 6 stems between two loops.
  const std::string domain = "((((...((((...((((......))))...))))...))))";
  const std::vector<int> nested = structure_of("..." + domain + "....." + domain + "...").structure.partner;
  PseudoknotModel model = example_model(1.0);
  model.of_separation = {1.0, 1.0, 1.0, 1.0};
  model.of_loops.fill(1.0);
  model.of_arms.assign(6, 1.0);
  for (const std::vector<double>& factor : std::vector<std::vector<double>>{{0.05}, {0.05, 0.0}, {0.0, 0.05, 0.0}}) {
    model.of_stems_between = factor;
    const Uniform uniform = test_uniform(5);
    std::map<int, int> found;  // number of stems by stems between their loops
    for (int draw = 0; draw < 400; ++draw) {
      const SecondaryStructure structure = describe_secondary_structure(draw_pseudoknots(model, nested, uniform));
      for (const Stem& stem : structure.stems)
        if (stem.order > 0) ++found[stems_between(structure, stem)];
    }
    for (int stems = 1; stems <= 6; ++stems) {
      const std::size_t bin = std::min(stems, 5) - 1;
      const bool expected = bin < factor.size() ? factor[bin] > 0.0 : factor.back() > 0.0;
      EXPECT_EQ(found[stems] > 0, expected) << stems << " between, " << factor.size() << " factors";
    }
  }
  // Bins of 1, 2, 3, 4, 5 to 8, 9 to 16: beyond the last each has half the factor of the one before.
  model.of_stems_between = {1.0, 0.5};
  const PseudoknotSite one{.stems_between = 1, .length = 100}, two{.stems_between = 2, .length = 100},
      five{.stems_between = 5, .length = 100}, nine{.stems_between = 9, .length = 100};
  EXPECT_DOUBLE_EQ(model.intensity(two, 1), 0.5 * model.intensity(one, 1));
  EXPECT_DOUBLE_EQ(model.intensity(five, 1), 0.0625 * model.intensity(one, 1));
  EXPECT_DOUBLE_EQ(model.intensity(nine, 1), 0.03125 * model.intensity(one, 1));
}

TEST(Pseudoknots, ArmsThatDifferTooMuchAreNotJoined) {
  // A hairpin loop behind stems of 6 pairs, and one behind 4 + 4 + 4; the exterior loop is 6, 12 pairs away.
  const std::vector<int> nested =
      structure_of("....((((((........))))))....((((..((((..((((........))))..))))..))))....").structure.partner;
  PseudoknotModel model = example_model(1.0);
  model.of_loops.fill(1.0);
  model.of_stems_between = {0.05, 0.05, 0.05, 0.05};
  model.of_arms = {0.0, 0.0, 0.0, 1.0};  // 6 and 7 pairs
  const Uniform uniform = test_uniform(8);
  std::map<int, int> found;  // stems by difference of the arms
  for (int draw = 0; draw < 400; ++draw) {
    const SecondaryStructure structure = describe_secondary_structure(draw_pseudoknots(model, nested, uniform));
    for (const Stem& stem : structure.stems) {
      if (stem.order == 0) continue;
      int arms[] = {0, 0};  // pairs of the nested stems that enclose one end alone
      for (const Stem& other : structure.stems) {
        const bool i = other.i < stem.i && stem.i < other.j, j = other.i < stem.j && stem.j < other.j;
        if (other.order == 0 && i != j) arms[i ? 0 : 1] += other.n_pairs;
      }
      ++found[std::abs(arms[0] - arms[1])];
    }
  }
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.begin()->first, 6);
  EXPECT_GT(found.begin()->second, 50);
  const PseudoknotSite near{.arms = kMostArmDifference, .length = 100};
  PseudoknotSite far = near;
  far.arms = kMostArmDifference + 1;
  model.of_arms.assign(6, 1.0);
  EXPECT_GT(model.intensity(near, 1), 0.0);
  EXPECT_EQ(model.intensity(far, 1), 0.0);
}

TEST(Pseudoknots, FittedModelsJoinLoopsThatAreAsNearAsTheObservedOnes) {
  // All observed ones have one stem between their loops; two hairpins offer as many places with two between.
  const std::vector<WeightedStructure> observed{structure_of("((((....[[[.))))....((((........))))....]]]."),
                                                structure_of("((((.[[[....))))....((((........))))....]]]."),
                                                structure_of("((((........))))....((((....[[[.))))....]]]."),
                                                structure_of("((((........))))....((((.[[[....))))....]]].")};
  std::vector<WeightedStructure> nested;
  for (int n = 0; n < 4; ++n) nested.push_back(structure_of("((((........))))....((((........))))........"));
  const PseudoknotModel model = fit_pseudoknots(observed, nested);
  const Uniform uniform = test_uniform(6);
  int near = 0, far = 0;
  for (int draw = 0; draw < 2000; ++draw) {
    const SecondaryStructure structure =
        describe_secondary_structure(draw_pseudoknots(model, nested[0].structure.partner, uniform));
    for (const Stem& stem : structure.stems)
      if (stem.order > 0) ++(stems_between(structure, stem) == 1 ? near : far);
  }
  EXPECT_GT(near, 1000);
  EXPECT_LT(far, near / 4);
}

TEST(Pseudoknots, StemsGoOnBehindBulgesAndInteriorLoops) {
  const std::vector<int> nested = structure_of("((((((............))))))............").structure.partner;
  PseudoknotModel model = example_model(0.01);
  model.further = {1.0, {1.0, 0.0, 1.0}, {0.0, 1.0}};  // gaps of 0 and 2, two pairs each
  const Uniform uniform = test_uniform(7);
  int n_further = 0;
  for (int draw = 0; draw < 300; ++draw) {
    const std::vector<int> partner = draw_pseudoknots(model, nested, uniform);
    ASSERT_EQ(find_partner_fault(partner), std::nullopt);
    const SecondaryStructure structure = describe_secondary_structure(partner);
    const Stem* outer = nullptr;
    for (const Stem& stem : structure.stems) {
      if (stem.order == 0) continue;
      if (outer != nullptr) {
        const int gap_i = stem.i - outer->i - outer->n_pairs, gap_j = outer->j - outer->n_pairs - stem.j;
        EXPECT_EQ(stem.n_pairs, 2);
        EXPECT_TRUE((gap_i == 0 || gap_i == 2) && (gap_j == 0 || gap_j == 2) && gap_i + gap_j > 0) << gap_i << gap_j;
        ++n_further;
      }
      outer = &stem;
    }
  }
  EXPECT_GT(n_further, 100);
}

TEST(Pseudoknots, AHelixWithABulgeIsFittedAsOneJunction) {
  const std::vector<WeightedStructure> observed{structure_of("((((..[[.[[.))))..]]]]."),
                                                structure_of("((((..[[....))))..]]...")};
  const std::vector<WeightedStructure> nested(2, structure_of("((((........))))......."));
  const PseudoknotModel model = fit_pseudoknots(observed, nested);
  EXPECT_DOUBLE_EQ(model.further.chance, 1.0 / 3.0);  // one of three stems has another inside
  EXPECT_EQ(model.further.of_gap, (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(model.further.of_stem, (std::vector<double>{0.0, 1.0}));
}

TEST(Pseudoknots, FittedFactorsGiveTheObservedNumberOfStems) {
  const std::vector<WeightedStructure> observed{
      structure_of("((((....[[[))))...]]]"), structure_of("((((.......))))......"),
      structure_of("((((.[[[[..))))..]]]]"), structure_of("(((..(((..[[..)))...(((..]]...)))..)))"),
      structure_of("((((......)))).....((((.......))))")};
  std::vector<WeightedStructure> nested = observed;
  for (WeightedStructure& one : nested) {
    std::vector<int> partner = one.structure.partner;
    for (std::size_t i = 0; i < partner.size(); ++i)
      if (one.structure.order[i] > 0) partner[i] = kUnpaired;
    one.structure = describe_secondary_structure(partner);
  }
  const PseudoknotModel model = fit_pseudoknots(observed, nested);
  EXPECT_EQ(model.of_stem.size(), 4u);
  constexpr int kDraws = 4000;
  const Uniform uniform = test_uniform(3);
  double stems = 0.0;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (const WeightedStructure& one : nested) {
      const std::vector<int> partner = draw_pseudoknots(model, one.structure.partner, uniform);
      for (const Stem& stem : describe_secondary_structure(partner).stems)
        if (one.structure.partner[static_cast<std::size_t>(stem.i)] < 0) stems += 1.0;
    }
  }
  // Observed are 3. Two strands keep one stem at most, so that draws have somewhat fewer.
  EXPECT_GT(stems / kDraws, 3.0 * 0.7);
  EXPECT_LT(stems / kDraws, 3.0 * 1.05);
}

TEST(Pseudoknots, ChainsWithoutAnyGiveAModelThatDrawsNone) {
  const std::vector<WeightedStructure> observed{structure_of(kHairpin)};
  const PseudoknotModel model = fit_pseudoknots(observed, observed);
  EXPECT_EQ(model.rate, 0.0);
  EXPECT_EQ(draw_pseudoknots(model, observed[0].structure.partner, test_uniform(4)), observed[0].structure.partner);
}

}  // namespace
}  // namespace flashrna
