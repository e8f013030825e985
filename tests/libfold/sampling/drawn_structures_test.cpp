#include "libfold/sampling/drawn_structures.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "libfold/checkpoint.h"
#include "libfold/random_streams.h"
#include "rna/pairs/secondary_structure_file.h"
#include "rna/pairs/structure_grammar_fit.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

StructureGrammar some_grammar() {
  std::vector<ObservedPartners> observed;
  for (const char* text : {"((((....))))", "..(((..((...))..((....)).)))..", "((((....[[[))))...]]]"})
    observed.push_back({parse_dot_bracket(text, text).partner, 1.0});
  RandomStream stream(1, "test");
  return fit_structure_grammar(observed, [&stream] { return stream.uniform(); });
}

SampleConfig request(const std::string& lengths, int samples) {
  SampleConfig config;
  config.lengths = lengths;
  config.samples = samples;
  return config;
}

std::vector<PlannedBatch> drawn(const SampleConfig& config) {
  std::vector<PlannedBatch> batches = plan_batches(config);
  draw_structures(batches, some_grammar(), config.seed);
  return batches;
}

// Of a model of a few channels, which takes base pairs or not.
Checkpoint some_checkpoint(bool takes_pairs, const std::string& grammar) {
  TinyRun run("d.h5");
  run.config.model.local_edges = 4;
  run.config.model.condition_pairs = takes_pairs;
  Checkpoint checkpoint;
  checkpoint.path = "some.h5";
  checkpoint.configuration = run.configuration.to_ini();
  checkpoint.structure_grammar = grammar;
  return checkpoint;
}

TEST(DrawnStructures, AreAFunctionOfSeedLengthAndIndex) {
  const std::vector<PlannedBatch> few = drawn(request("60", 2)), many = drawn(request("30,60,500", 5));
  std::map<std::string, std::vector<int>> by_name;
  for (const PlannedBatch& batch : many)
    for (const PlannedSample& sample : batch.samples) by_name[sample.name] = sample.design->partner;
  for (const PlannedSample& sample : few.front().samples) EXPECT_EQ(by_name.at(sample.name), sample.design->partner);
  EXPECT_NE(few.front().samples[0].design->partner, few.front().samples[1].design->partner);
  SampleConfig other = request("60", 2);
  other.seed = 1;
  EXPECT_NE(drawn(other).front().samples[0].design->partner, few.front().samples[0].design->partner);
}

TEST(DrawnStructures, MoleculesPairWithinThemselves) {
  for (const PlannedBatch& batch : drawn(request("30+40", 8))) {
    for (const PlannedSample& sample : batch.samples) {
      const Design& design = *sample.design;
      ASSERT_EQ(design.partner.size(), 70u);
      check_partners(design.partner, design.molecule);
      for (std::size_t i = 0; i < 70; ++i)
        if (design.partner[i] >= 0) {
          EXPECT_EQ(design.molecule[static_cast<std::size_t>(design.partner[i])], design.molecule[i]);
        }
    }
  }
}

TEST(DrawnStructures, AreWrittenByTheNamesOfTheSamples) {
  const std::vector<PlannedBatch> batches = drawn(request("9,40", 3));
  const auto records =
      parse_secondary_structures(structures_text(batches, ""), "test", SecondaryStructureFormat::kDotBracket);
  std::size_t at = 0;
  for (const PlannedBatch& batch : batches) {
    for (const PlannedSample& sample : batch.samples) {
      ASSERT_LT(at, records.size());
      EXPECT_EQ(records[at].name, sample.name);
      EXPECT_EQ(records[at].partner, sample.design->partner);
      ++at;
    }
  }
  EXPECT_EQ(at, 6u);
  EXPECT_EQ(at, records.size());
}

TEST(DrawnStructures, LengthsAloneAreDrawnForWhereTheCheckpointCan) {
  const std::string text = some_grammar().to_text();
  const auto chosen = [](SampleConfig config, const Checkpoint& checkpoint) {
    const bool has = choose_grammar(config, checkpoint).has_value();
    EXPECT_EQ(has, config.secondary_structure == kFromGrammar);
    return has;
  };
  EXPECT_TRUE(chosen(request("40", 1), some_checkpoint(true, text)));
  EXPECT_FALSE(chosen(request("40", 1), some_checkpoint(true, "")));
  EXPECT_FALSE(chosen(request("40", 1), some_checkpoint(false, text)));
  SampleConfig config = request("40", 1);
  config.secondary_structure = kNoStructures;
  EXPECT_FALSE(chosen(config, some_checkpoint(true, text)));
  config.secondary_structure = "((((....))))";
  EXPECT_FALSE(chosen(config, some_checkpoint(true, text)));
  config.secondary_structure = kFromGrammar;
  EXPECT_TRUE(chosen(config, some_checkpoint(true, text)));
  EXPECT_NE(message_of([&] {
              choose_grammar(config, some_checkpoint(true, ""));
            }).find("--secondary-structure grammar: some.h5 has no grammar of secondary structures"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              choose_grammar(config, some_checkpoint(true, "[]"));
            }).find("some.h5:structure_grammar: not a JSON object"),
            std::string::npos);
}

TEST(DrawnStructures, KeywordsNeedLengths) {
  for (const char* keyword : {kFromGrammar, kNoStructures}) {
    SampleConfig config;
    config.secondary_structure = keyword;
    EXPECT_NE(message_of([&] { config.validate(); }).find("needs --lengths"), std::string::npos) << keyword;
    config.lengths = "40";
    EXPECT_NO_THROW(config.validate());
  }
}

}  // namespace
}  // namespace flashrna
