// The grammar of nested structures: exact probabilities, exact draws, its text, and its cost.
#include "rna/pairs/structure_grammar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.h"
#include "rna/pairs/dot_bracket.h"
#include "rna/pairs/structure_grammar_fit.h"
#include "rna/pairs/structure_sampler.h"
#include "tests/rna/pairs/test_uniform.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

// Chains with every kind of loop, of several sizes, and two pseudoknots.
const std::vector<const char*> kExamples{
    "((((....))))",
    ".(((...(((....))))))..",
    "(((..(((.....)))...)))",
    "((.((...))..((....)).((...)).))",
    "((((...)).((...))))",
    "..((...))...((....))..((......))((...)).",
    "........",
    "((((....[[[))))...]]]",
    "(((..(((..[[..)))...(((..]]...)))..)))",
};

std::vector<ObservedPartners> examples() {
  std::vector<ObservedPartners> observed;
  for (const char* text : kExamples) observed.push_back({parse_dot_bracket(text, text).partner, 1.0});
  return observed;
}

StructureGrammar example_grammar() { return fit_structure_grammar(examples(), test_uniform(5)); }

// All nested structures of `length` nucleotides with at least three between partners, written independently of the
// grammar: position i is unpaired, or pairs with j.
void enumerate(std::vector<int>& partner, std::vector<std::pair<int, int>> stretches,
               std::vector<std::vector<int>>& all) {
  while (!stretches.empty() && stretches.back().first >= stretches.back().second) stretches.pop_back();
  if (stretches.empty()) {
    all.push_back(partner);
    return;
  }
  const auto [first, end] = stretches.back();
  stretches.back().first = first + 1;
  enumerate(partner, stretches, all);
  stretches.pop_back();
  for (int j = first + 4; j < end; ++j) {
    std::vector<std::pair<int, int>> inner = stretches;
    inner.emplace_back(j + 1, end);
    inner.emplace_back(first + 1, j);
    partner[static_cast<std::size_t>(first)] = j;
    partner[static_cast<std::size_t>(j)] = first;
    enumerate(partner, inner, all);
    partner[static_cast<std::size_t>(first)] = partner[static_cast<std::size_t>(j)] = kUnpaired;
  }
}

std::vector<std::vector<int>> all_structures(int length) {
  std::vector<int> partner(static_cast<std::size_t>(length), kUnpaired);
  std::vector<std::vector<int>> all;
  enumerate(partner, {{0, length}}, all);
  return all;
}

double probability(const StructureSampler& sampler, const std::vector<int>& partner) {
  return std::exp(sampler.grammar().log_weight(describe_secondary_structure(partner)) -
                  sampler.log_sum(static_cast<int>(partner.size())));
}

TEST(StructureGrammar, ProbabilitiesOfAllStructuresOfALengthSumToOne) {
  const StructureSampler sampler(example_grammar(), 16);
  // Numbers of RNA structures with hairpins of three and more (OEIS A023421).
  const std::map<int, std::size_t> known{{4, 1},  {5, 2},   {6, 4},    {7, 8},   {8, 16},
                                         {9, 32}, {10, 65}, {11, 133}, {12, 274}};
  for (int length = 1; length <= 16; ++length) {
    const auto all = all_structures(length);
    EXPECT_EQ(all.size(), known.contains(length) ? known.at(length) : all.size()) << length;
    double sum = 0.0;
    for (const std::vector<int>& partner : all) sum += probability(sampler, partner);
    EXPECT_NEAR(sum, 1.0, 1e-12) << length << " nt, " << all.size() << " structures";
  }
}

TEST(StructureGrammar, DrawsHaveTheProbabilitiesOfTheirStructures) {
  constexpr int kDraws = 40000;
  const StructureSampler sampler(example_grammar(), 12);
  const Uniform uniform = test_uniform(1);
  for (const int length : {5, 9, 12}) {
    std::map<std::vector<int>, int> drawn;
    for (int i = 0; i < kDraws; ++i) ++drawn[sampler.draw_nested(length, uniform)];
    // Pearson's statistic over all structures, those expected less than five times together.
    double statistic = 0.0, rare_expected = 0.0, rare_drawn = 0.0;
    int cells = 0;
    const auto add = [&](double expected, double observed) {
      statistic += (observed - expected) * (observed - expected) / expected;
      ++cells;
    };
    for (const std::vector<int>& partner : all_structures(length)) {
      const double expected = kDraws * probability(sampler, partner);
      const double observed = drawn.contains(partner) ? drawn.at(partner) : 0.0;
      if (expected < 5.0) {
        rare_expected += expected;
        rare_drawn += observed;
      } else {
        add(expected, observed);
      }
    }
    if (rare_expected >= 5.0) add(rare_expected, rare_drawn);
    // Mean cells - 1, variance 2 (cells - 1): five standard deviations.
    EXPECT_LT(statistic, cells - 1 + 5.0 * std::sqrt(2.0 * (cells - 1)) + 5.0)
        << length << " nt, " << cells << " cells";
    EXPECT_GE(cells, 2) << length;
  }
}

TEST(StructureGrammar, ShortChainsAreUnpaired) {
  const StructureSampler sampler(example_grammar(), 8);
  const Uniform uniform = test_uniform(2);
  for (int length = 1; length <= 4; ++length)
    EXPECT_EQ(sampler.draw(length, uniform), std::vector<int>(static_cast<std::size_t>(length), kUnpaired));
}

TEST(StructureGrammar, SumsForALengthDoNotDependOnTheLongest) {
  const StructureGrammar grammar = example_grammar();
  const StructureSampler shorter(grammar, 400), longer(grammar, 900);
  for (const int length : {1, 7, 50, 399, 400}) EXPECT_EQ(longer.log_sum(length), shorter.log_sum(length)) << length;
}

TEST(StructureGrammar, ThousandsOfNucleotidesTakeQuadraticTimeAndKeepTheirScale) {
  const StructureSampler sampler(example_grammar(), 4000);
  // 4,000 nt: 1e8 multiplications, about 0.1 s of a core.
  EXPECT_LE(sampler.operations(), std::int64_t{7} * 4000 * 4000);
  const Uniform uniform = test_uniform(3);
  for (const int length : {3999, 4000}) {
    EXPECT_TRUE(std::isfinite(sampler.log_sum(length)));
    const std::vector<int> partner = sampler.draw(length, uniform);
    EXPECT_EQ(find_partner_fault(partner), std::nullopt);
    EXPECT_GT(describe_secondary_structure(partner).stems.size(), 100u);
  }
}

TEST(StructureGrammar, EqualUniformNumbersGiveEqualStructures) {
  const StructureSampler sampler(example_grammar(), 300), longer(example_grammar(), 700);
  EXPECT_EQ(sampler.draw(300, test_uniform(4)), longer.draw(300, test_uniform(4)));
  EXPECT_NE(sampler.draw(300, test_uniform(4)), sampler.draw(300, test_uniform(5)));
}

TEST(StructureGrammar, TextKeepsEveryBit) {
  const StructureGrammar grammar = example_grammar();
  const std::string text = grammar.to_text();
  const StructureGrammar again = StructureGrammar::from_text(text, "test");
  EXPECT_EQ(again.to_text(), text);
  EXPECT_EQ(again.loops, grammar.loops);
  EXPECT_EQ(again.chances, grammar.chances);
  EXPECT_EQ(again.pseudoknots.of_loops, grammar.pseudoknots.of_loops);
  for (std::size_t kind = 0; kind < kLengthKinds; ++kind) {
    EXPECT_EQ(again.lengths[kind].of_bin, grammar.lengths[kind].of_bin);
    EXPECT_EQ(again.lengths[kind].tail, grammar.lengths[kind].tail);
  }
  EXPECT_EQ(StructureSampler(again, 200).draw(200, test_uniform(6)),
            StructureSampler(grammar, 200).draw(200, test_uniform(6)));
}

TEST(StructureGrammar, DamagedTextIsAnErrorThatNamesThePlace) {
  const std::string text = example_grammar().to_text();
  const auto message = [](const std::string& damaged) {
    return message_of([&] { StructureGrammar::from_text(damaged, "w.h5:structure_grammar"); });
  };
  EXPECT_NE(message("{").find("w.h5:structure_grammar: not a JSON object"), std::string::npos);
  EXPECT_NE(message("{\"version\":2}").find("version: 2 is outside 1 to 1"), std::string::npos);
  std::string damaged = text;
  damaged[damaged.find("hairpin")] = 'H';
  EXPECT_NE(message(damaged).find("has no \"hairpin\""), std::string::npos);
  const std::string tail = "\"tail_ratio\":";
  const std::size_t value = text.find(tail) + tail.size();
  damaged = text.substr(0, value) + "1" + text.substr(value);
  EXPECT_NE(message(damaged).find("tail_ratio"), std::string::npos);
  StructureGrammar without_arms = example_grammar();
  without_arms.pseudoknots.rate = 1.0;
  without_arms.pseudoknots.of_stems_between = {1.0};
  without_arms.pseudoknots.of_arms.clear();
  EXPECT_NE(message(without_arms.to_text()).find("without factors of stems between, arms or length"),
            std::string::npos);
}

TEST(StructureGrammar, WeightsThatAllowNoStructureAreAnError) {
  StructureGrammar grammar = example_grammar();
  grammar.chances[static_cast<std::size_t>(ChanceOf::kPaired)] = 1.0;
  const StructureSampler sampler(grammar, 20);
  EXPECT_EQ(find_partner_fault(sampler.draw(20, test_uniform(8))), std::nullopt);
  EXPECT_NE(message_of([&] {
              sampler.draw(4, test_uniform(8));
            }).find("the weights of the structures of 4 nucleotides sum to 0"),
            std::string::npos);
  EXPECT_NE(message_of([&] { sampler.draw(21, test_uniform(8)); }).find("length 21"), std::string::npos);
}

TEST(StructureGrammar, WeightsCountAsRepetitions) {
  std::vector<ObservedPartners> repeated = examples(), weighted = examples();
  repeated.push_back(repeated[2]);
  weighted[2].weight = 2.0;
  const StructureGrammar a = fit_structure_grammar(repeated, test_uniform(7));
  const StructureGrammar b = fit_structure_grammar(weighted, test_uniform(7));
  for (std::size_t kind = 0; kind < kClosedLoops; ++kind) EXPECT_DOUBLE_EQ(a.loops[kind], b.loops[kind]);
  for (std::size_t kind = 0; kind < kChanceKinds; ++kind) EXPECT_DOUBLE_EQ(a.chances[kind], b.chances[kind]);
}

TEST(StructureGrammar, NoStructureToFitToIsAnError) {
  EXPECT_NE(message_of([] { fit_structure_grammar({}, test_uniform(1)); }).find("no structure to fit to"),
            std::string::npos);
}

TEST(LengthDistribution, EveryLengthHasAWeightAndAllSumToOne) {
  for (const int shortest : {0, 1, 3}) {
    std::vector<double> counts(40, 0.0);
    counts[4] = 7.0;
    counts[39] = 1.0;
    const LengthDistribution lengths = fit_length_distribution(shortest, counts);
    const std::vector<double> weights = lengths.weights(4000);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1.0, 1e-12);
    for (int l = 0; l <= 4000; l += l < 60 ? 1 : 97) {
      const double weight = weights[static_cast<std::size_t>(l)];
      EXPECT_NEAR(lengths.weight(l), weight, 1e-12 * weight) << l;
      EXPECT_EQ(weight > 0.0, l >= shortest) << l;
    }
    EXPECT_GT(weights[4], 0.7);
    EXPECT_GT(weights[39], weights[100]);
  }
}

TEST(LengthDistribution, BinsCoverAllLengthsWithoutGaps) {
  for (int length = 0; length < 3000; ++length) {
    const int bin = length_bin(length);
    EXPECT_LE(first_length_of_bin(bin), length);
    EXPECT_GT(first_length_of_bin(bin + 1), length);
  }
}

TEST(LengthDistribution, ALengthBelowTheShortestIsAnError) {
  const std::vector<double> counts{0.0, 0.0, 1.0};
  EXPECT_NE(message_of([&] { fit_length_distribution(3, counts); }).find("length 2 is below the shortest"),
            std::string::npos);
}

}  // namespace
}  // namespace flashrna
