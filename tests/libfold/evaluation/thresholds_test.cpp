#include "libfold/evaluation/thresholds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;
using Bound = Threshold::Bound;

TEST(Thresholds, AreMetAtTheirBoundsAndNotBeyond) {
  const Threshold least{"a_form_rate", Bound::kAtLeast, 85}, most{"median_clashes", Bound::kAtMost, 2},
      near{"a_form_rate", Bound::kNearReference, 15};
  EXPECT_TRUE(least.met(85.0, {}));
  EXPECT_FALSE(least.met(84.99, {}));
  EXPECT_TRUE(most.met(2.0, {}));
  EXPECT_FALSE(most.met(2.01, {}));
  EXPECT_TRUE(near.met(66.0, 81.0));
  EXPECT_TRUE(near.met(96.0, 81.0));
  EXPECT_FALSE(near.met(65.9, 81.0));
  EXPECT_FALSE(near.met(96.1, 81.0));
}

TEST(Thresholds, WhatWasNotMeasuredIsNotMet) {
  for (const Bound bound : {Bound::kAtLeast, Bound::kAtMost, Bound::kNearReference})
    EXPECT_FALSE((Threshold{"a_form_rate", bound, 0.0}.met({}, 0.0)));
  EXPECT_FALSE((Threshold{"a_form_rate", Bound::kNearReference, 100.0}.met(50.0, {})));
}

TEST(Thresholds, OfShippedWeightsAreThoseAskedFor) {
  std::vector<std::string> found;
  for (const Threshold& threshold : read_thresholds(FLASHRNA_SOURCE_DIR "/weights/thresholds.csv"))
    found.push_back(threshold.key + " " + threshold.text());
  EXPECT_EQ(found, (std::vector<std::string>{
                       "c4_neighbor_rate at least 85", "c4_close_rate within 15 of the reference",
                       "bonded_rate at least 80", "o3_p_near_rate at least 50", "median_clashes at most 2",
                       "rg_band_rate at least 80", "a_form_rate within 15 of the reference", "mean_pair_tm at most 0.6",
                       "paired_rate within 15 of the reference", "median_helix_length at least 3",
                       "stem_rate within 2 of the reference", "suite_outlier_rate at most 30",
                       "mean_suiteness at least 0.35", "suite_1a_rate within 15 of the reference"}));
}

TEST(Thresholds, BadTablesAreNamed) {
  const TemporaryFolder folder;
  const auto expect_refused = [&](const std::string& text, const std::string& message) {
    folder.write("t.csv", text);
    EXPECT_THAT(message_of([&] { read_thresholds(folder.path("t.csv")); }), HasSubstr(folder.path("t.csv") + message));
  };
  expect_refused("key,value\na,1\n", ": a table of thresholds has the columns key,bound,value");
  expect_refused("key,bound,value\n", ": holds no threshold");
  expect_refused("key,bound,value\na_form,at_most,1\nclash_rat,at_most,1\n",
                 ": row 2: no measure is called \"clash_rat\"");
  expect_refused("key,bound,value\nclash_rate,below,1\n", ": row 1: bound \"below\" is not at_least");
  expect_refused("key,bound,value\nclash_rate,at_most,two\n", ": row 1: value \"two\" is no number");
}

}  // namespace
}  // namespace flashrna
