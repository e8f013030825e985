#include "libfold/design/sample_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace flashrna {
namespace {

TEST(SampleName, IsTakenApartAsItWasMade) {
  for (const std::string& stem : {length_stem(std::vector<int>{120}), length_stem(std::vector<int>{40, 60}),
                                  name_stem("hair_pin.v2 of two"), name_stem("1ehz_sample_3")}) {
    const std::string name = sample_name(stem, 7, index_digits(1001));
    EXPECT_EQ(stem_of_sample(name), stem);
    EXPECT_EQ(sample_stem("folder/" + name + ".cif.gz#2"), name);
    EXPECT_TRUE(is_sample_name(name));
    EXPECT_TRUE(is_sample_name(batch_name(stem, 0, 31, 3)));
    EXPECT_FALSE(is_sample_name(stem.starts_with("1ehz") ? "1ehz" : stem));
  }
}

TEST(SampleName, IsAsTheFilesOfARunAreNamed) {
  EXPECT_EQ(sample_name(length_stem(std::vector<int>{120}), 7, index_digits(10)), "len_00120_sample_007");
  EXPECT_EQ(sample_name(length_stem(std::vector<int>{40, 60}), 1000, index_digits(1001)),
            "len_00040+00060_sample_1000");
  EXPECT_EQ(batch_name("hairpin", 0, 31, 3), "hairpin_samples_000-031");
  EXPECT_EQ(name_stem("hair pin"), "hair");
  EXPECT_EQ(name_stem("a/b:c"), "a_b_c");
}

TEST(SampleName, OtherNamesAreLeftAlone) {
  for (const char* name : {"1ehz", "_sample_007", "x_sample_", "x_sample_00a", "samples"}) {
    EXPECT_EQ(stem_of_sample(name), name);
    EXPECT_FALSE(is_sample_name(name)) << name;
  }
  EXPECT_EQ(index_digits(1000), 3);
  EXPECT_EQ(index_digits(1001), 4);
}

}  // namespace
}  // namespace flashrna
