// Requests of `flashrna sample`: lengths, options and the plan of batches.
#include "libfold/sampling/sample_config.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/error.h"
#include "libfold/design/sample_name.h"
#include "libfold/sampling/sample_plan.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

SampleConfig valid_config() {
  SampleConfig config;
  config.checkpoint = "some.h5";
  config.lengths = "6,9";
  return config;
}

TEST(SampleLengths, AreListsAndRanges) {
  EXPECT_EQ(parse_lengths("40"), (std::vector<int>{40}));
  EXPECT_EQ(parse_lengths("60-120:20,40"), (std::vector<int>{40, 60, 80, 100, 120}));
  EXPECT_EQ(parse_lengths("5-7,6"), (std::vector<int>{5, 6, 7}));
  EXPECT_EQ(parse_lengths("10-15:4"), (std::vector<int>{10, 14}));
  EXPECT_EQ(parse_molecule_lengths("40,30+50,5-6"), (std::vector<std::vector<int>>{{5}, {6}, {30, 50}, {40}}));
  EXPECT_THROW(parse_lengths("30+50"), UsageError) << "where one molecule is meant";
}

TEST(SampleLengths, RefuseWhatIsNoLength) {
  const std::string grammar =
      "; give lengths above 0 and ranges first-last or first-last:step, separated by commas, such as 40,60-120:20, and "
      "a+b for two molecules";
  for (const auto& [text, item, why] :
       std::vector<std::array<std::string, 3>>{{"0", "0", "is not above 0"},
                                               {"abc", "abc", "is not a length"},
                                               {"40,", "", "is not a length"},
                                               {"-5", "-5", "is not a length"},
                                               {"4.5", "4.5", "is not a length"},
                                               {"120-60", "120-60", "runs backward"},
                                               {"10-20:0", "10-20:0", "is not above 0"},
                                               {"10:5", "10:5", "has a step but no range"},
                                               {"10+x", "10+x", "is not a length"},
                                               {"10+", "10+", "is not a length"},
                                               {"99999999999", "99999999999", "is too large"}}) {
    EXPECT_EQ(message_of([&, value = text] { parse_lengths(value); }),
              "--lengths " + text + ": \"" + item + "\" " + why + grammar);
    EXPECT_THROW(parse_lengths(text), UsageError);
  }
}

TEST(SamplePlan, LengthsThatPdbCannotHoldAreRefusedBeforeAnythingIsSampled) {
  SampleConfig config;
  config.format = "pdb";
  config.lengths = "40,7692";
  plan_batches(config);
  config.lengths = "40,7693";
  EXPECT_EQ(message_of([&] { plan_batches(config); }),
            "--format pdb: the PDB format ends at 99,999 atoms, 7692 residues, not 7693; give --format cif");
  EXPECT_THROW(plan_batches(config), UsageError);
  config.lengths = "3900";
  config.symmetry = "C2";
  EXPECT_THROW(plan_batches(config), UsageError) << "two copies";
}

TEST(SamplePlan, NamesSortAsLengthsAndIndicesDo) {
  SampleConfig config;
  config.lengths = "40,9,12000";
  config.samples = 1001;
  std::string last_sample, last_batch;
  const SampleNameOrder before;
  int samples = 0;
  for (const PlannedBatch& batch : plan_batches(config)) {
    ASSERT_TRUE(before(last_batch, batch.name)) << batch.name;
    last_batch = batch.name;
    for (const PlannedSample& sample : batch.samples) {
      ASSERT_TRUE(before(last_sample, sample.name)) << sample.name;
      last_sample = sample.name;
      ++samples;
    }
  }
  EXPECT_EQ(samples, 3003);
  EXPECT_EQ(last_sample, "len_12000_sample_1000");
}

TEST(SampleConfig, NoiseScaleIsAboveZero) {
  for (const double scale : {0.0, -1.0, std::nan("")}) {
    SampleConfig config = valid_config();
    config.noise_scale = scale;
    EXPECT_EQ(message_of([&] { config.validate(); }).substr(0, 14), "--noise-scale ") << scale;
  }
}

TEST(SampleConfig, ConformersAreDrawnOrLikeliest) {
  SampleConfig config = valid_config();
  config.conformers = "likeliest";
  config.validate();
  config.conformers = "some";
  EXPECT_EQ(message_of([&] { config.validate(); }), "--conformers some: must be drawn or likeliest");
}

}  // namespace
}  // namespace flashrna
