#include "libfold/design/sample_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace flashrna {
namespace {

TEST(SampleName, IsTakenApartAsItWasMade) {
  for (const std::string& stem : {length_stem(std::vector<int>{120}), length_stem(std::vector<int>{40, 60}),
                                  name_stem("hair_pin.v2 of two"), name_stem("1ehz_sample_3")}) {
    const std::string name = sample_name(stem, 7);
    EXPECT_EQ(stem_of_sample(name), stem);
    EXPECT_EQ(sample_stem("folder/" + name + ".cif.gz#2"), name);
    EXPECT_TRUE(is_sample_name(name));
    EXPECT_TRUE(is_sample_name(batch_name(stem, 0, 31)));
    EXPECT_FALSE(is_sample_name(stem.starts_with("1ehz") ? "1ehz" : stem));
  }
}

TEST(SampleName, IsAsTheFilesOfARunAreNamed) {
  EXPECT_EQ(sample_name(length_stem(std::vector<int>{120}), 7), "len_00120_sample_007");
  EXPECT_EQ(sample_name(length_stem(std::vector<int>{40, 60}), 1000), "len_00040+00060_sample_1000");
  EXPECT_EQ(batch_name("hairpin", 0, 31), "hairpin_samples_000-031");
  EXPECT_EQ(name_stem("hair pin"), "hair");
  EXPECT_EQ(name_stem("a/b:c"), "a_b_c");
}

TEST(SampleName, OtherNamesAreLeftAlone) {
  for (const char* name : {"1ehz", "_sample_007", "x_sample_", "x_sample_00a", "samples"}) {
    EXPECT_EQ(stem_of_sample(name), name);
    EXPECT_FALSE(is_sample_name(name)) << name;
  }
}

TEST(SampleName, SortsNumbersByValue) {
  const SampleNameOrder before;
  const std::vector<std::string> sorted = {"",      "a",    "a_01",       "a_1",          "a_2",
                                           "a_2_b", "a_10", "b_sample_9", "b_sample_999", "b_sample_1000"};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j)
      EXPECT_EQ(before(sorted[i], sorted[j]), i < j) << sorted[i] << " " << sorted[j];
}

}  // namespace
}  // namespace flashrna
