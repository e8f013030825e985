// Structures drawn from a grammar fitted to native chains, beside held-out natives of the same lengths.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "rna/measure/wasserstein.h"
#include "rna/pairs/secondary_structure_file.h"
#include "rna/pairs/structure_grammar_fit.h"
#include "rna/pairs/structure_sampler.h"
#include "tests/rna/pairs/stems_between.h"
#include "tests/rna/pairs/test_uniform.h"

namespace flashrna {
namespace {

using Partners = std::vector<std::vector<int>>;

Partners read_natives(const std::string& file) {
  Partners all;
  for (SecondaryStructureRecord& record :
       read_secondary_structures(std::string(FLASHRNA_TEST_DATA) + "/native_structures/" + file))
    all.push_back(std::move(record.partner));
  return all;
}

StructureGrammar fit_to(const Partners& natives) {
  std::vector<ObservedPartners> observed;
  for (const std::vector<int>& partner : natives) observed.push_back({partner, 1.0});
  return fit_structure_grammar(observed, test_uniform(20));
}

// Values of every measure, over all structures.
using Measures = std::map<std::string, std::vector<double>>;

Measures measure(const Partners& structures) {
  Measures values;
  for (const std::vector<int>& partner : structures) {
    const SecondaryStructure structure = describe_secondary_structure(partner);
    for (const Stem& stem : structure.stems) {
      values[stem.order == 0 ? "stem" : "pseudoknot stem"].push_back(stem.n_pairs);
      if (stem.order > 0) values["stems between"].push_back(stems_between(structure, stem));
    }
    for (const Loop& loop : structure.loops) values[std::string(loop_name(loop.kind))].push_back(loop.n_unpaired());
    values["paired share"].push_back(structure.paired_share());
    if (structure.paired_share() > 0.0) values["pseudoknotted share"].push_back(structure.pseudoknotted_share());
  }
  return values;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(NativeStructures, DrawsAreAsCloseToHeldOutNativesAsTrainingNativesAre) {
  const Partners training = read_natives("training.dbn"), held_out = read_natives("validation.dbn");
  const StructureSampler sampler(fit_to(training), 600);
  const Uniform uniform = test_uniform(21);
  Partners draws;
  for (std::size_t i = 0; draws.size() < 1000; ++i)
    draws.push_back(sampler.draw(static_cast<int>(held_out[i % held_out.size()].size()), uniform));
  for (const std::vector<int>& partner : draws) ASSERT_EQ(find_partner_fault(partner), std::nullopt);

  const Measures drawn = measure(draws), native = measure(held_out), trained = measure(training);
  // Pairs, nucleotides, and shares: about a tenth of the mean, or what chains of 40 nt and more of two splits differ
  // by.
  const std::map<std::string, double> largest{
      {"stem", 0.4},          {"hairpin", 1.2},         {"bulge", 1.3},
      {"interior", 1.2},      {"multiloop", 5.0},       {"exterior", 3.5},
      {"paired share", 0.07}, {"pseudoknot stem", 0.9}, {"pseudoknotted share", 0.05},
      {"stems between", 1.0}};
  fmt::print(
      "  {} draws, {} held-out natives: Wasserstein distance to the held-out, of the draws and of training "
      "natives\n",
      draws.size(), held_out.size());
  for (const auto& [name, limit] : largest) {
    const double distance = wasserstein_distance(drawn.at(name), native.at(name));
    fmt::print("  {:<20} {:7.3f} {:7.3f}   means: drawn {:.3f}, held-out {:.3f}, training {:.3f}\n", name, distance,
               wasserstein_distance(trained.at(name), native.at(name)), mean(drawn.at(name)), mean(native.at(name)),
               mean(trained.at(name)));
    EXPECT_LE(distance, limit) << name;
  }
}

TEST(NativeStructures, ThousandsOfNucleotidesAreFoldedAsRibosomalRna) {
  const Partners training = read_natives("training.dbn");
  Partners ribosomal;
  for (const std::vector<int>& partner : training)
    if (partner.size() > 1000) ribosomal.push_back(partner);
  ASSERT_EQ(ribosomal.size(), 2u);
  const StructureSampler sampler(fit_to(training), 4000);
  const Uniform uniform = test_uniform(22);
  Partners draws;
  for (int length = 1400; length <= 4000; length += 200) draws.push_back(sampler.draw(length, uniform));
  const Measures drawn = measure(draws), native = measure(ribosomal);
  const std::map<std::string, double> largest{{"stem", 1.0},         {"hairpin", 1.2},
                                              {"interior", 1.2},     {"multiloop", 6.0},
                                              {"paired share", 0.1}, {"pseudoknotted share", 0.06},
                                              {"stems between", 2.0}};
  for (const auto& [name, limit] : largest) {
    fmt::print("  {:<20} drawn {:.3f}, 16S and 23S {:.3f}, Wasserstein distance {:.3f}\n", name, mean(drawn.at(name)),
               mean(native.at(name)), wasserstein_distance(drawn.at(name), native.at(name)));
    EXPECT_LE(wasserstein_distance(drawn.at(name), native.at(name)), limit) << name;
  }
}

// Bits per nucleotide of the nested part of structures, given their lengths.
double bits(const StructureSampler& sampler, const Partners& structures) {
  double nats = 0.0, nucleotides = 0.0;
  for (const std::vector<int>& partner : structures) {
    const int length = static_cast<int>(partner.size());
    nats += sampler.log_sum(length) - sampler.grammar().log_weight(describe_secondary_structure(partner));
    nucleotides += length;
  }
  return nats / nucleotides / std::log(2.0);
}

TEST(NativeStructures, HeldOutNativesAreAsProbableAsDraws) {
  const Partners held_out = read_natives("validation.dbn");
  const StructureSampler sampler(fit_to(read_natives("training.dbn")), 4000);
  const Uniform uniform = test_uniform(24);
  const auto entropy = [&](const std::vector<int>& lengths) {
    Partners draws;
    for (const int length : lengths) draws.push_back(sampler.draw_nested(length, uniform));
    return bits(sampler, draws);
  };
  std::vector<int> lengths;
  for (int i = 0; i < 10; ++i)
    for (const std::vector<int>& partner : held_out) lengths.push_back(static_cast<int>(partner.size()));
  const double of_draws = entropy(lengths), of_natives = bits(sampler, held_out);
  fmt::print(
      "  bits per nucleotide: {:.3f} of draws, {:.3f} of held-out natives of the same lengths; {:.3f} at 400 nt, "
      "{:.3f} at 4,000 nt\n",
      of_draws, of_natives, entropy(std::vector<int>(100, 400)), entropy(std::vector<int>(10, 4000)));
  EXPECT_NEAR(of_natives, of_draws, 0.15 * of_draws);
  // Without a structure of stems and loops: three symbols of equal probability have log2(3) = 1.58.
  EXPECT_LT(of_natives, 0.8);
}

TEST(NativeStructures, DrawsRepeatTrainingStructuresNoMoreThanByChance) {
  const Partners training = read_natives("training.dbn");
  const StructureSampler sampler(fit_to(training), 80);
  // Nested structures, whose probabilities are known.
  std::map<int, std::set<std::vector<int>>> known;
  for (const std::vector<int>& partner : training) {
    const int length = static_cast<int>(partner.size());
    if (length < 40 || length > 80) continue;
    const SecondaryStructure structure = describe_secondary_structure(partner);
    std::vector<int> nested = partner;
    for (std::size_t i = 0; i < nested.size(); ++i)
      if (structure.order[i] > 0) nested[i] = kUnpaired;
    known[length].insert(nested);
  }
  constexpr int kDraws = 200;  // of each length
  const Uniform uniform = test_uniform(23);
  double expected = 0.0, observed = 0.0;
  for (const auto& [length, structures] : known) {
    for (const std::vector<int>& partner : structures)
      expected += kDraws * std::exp(sampler.grammar().log_weight(describe_secondary_structure(partner)) -
                                    sampler.log_sum(length));
    for (int i = 0; i < kDraws; ++i) observed += structures.contains(sampler.draw_nested(length, uniform)) ? 1.0 : 0.0;
  }
  fmt::print("  {} of {} draws of 40-80 nt are a training structure, {:.2f} expected\n", observed,
             kDraws * known.size(), expected);
  EXPECT_LE(std::abs(observed - expected), 1.0 + 4.0 * std::sqrt(expected));
  EXPECT_LT(observed, 0.03 * kDraws * static_cast<double>(known.size()));
}

}  // namespace
}  // namespace flashrna
