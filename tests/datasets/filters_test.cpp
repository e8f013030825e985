#include "datasets/filters.h"

#include <gtest/gtest.h>

namespace flashrna {
namespace {

ChainRecord chain() {
  ChainRecord record;
  record.length = 76;
  record.resolution = 3.3f;
  record.method = "X-RAY DIFFRACTION";
  record.molecule_kind = "RNA";
  record.n_breaks = 2;
  return record;
}

TEST(ChainFilter, EachLimitIncludesItsEnd) {
  const ChainRecord record = chain();
  EXPECT_TRUE(ChainFilter{}.passes(record));
  EXPECT_TRUE((ChainFilter{.min_length = 76, .max_length = 76}.passes(record)));
  EXPECT_FALSE((ChainFilter{.min_length = 77}.passes(record)));
  EXPECT_FALSE((ChainFilter{.max_length = 75}.passes(record)));
  EXPECT_TRUE((ChainFilter{.max_resolution = 3.3}.passes(record)));
  EXPECT_FALSE((ChainFilter{.max_resolution = 3.29}.passes(record)));
  EXPECT_TRUE((ChainFilter{.max_breaks = 2}.passes(record)));
  EXPECT_FALSE((ChainFilter{.max_breaks = 1}.passes(record)));
}

TEST(ChainFilter, UnknownResolutionPassesALimitOnlyIfItMay) {
  ChainRecord record = chain();
  record.resolution = 0;
  EXPECT_TRUE((ChainFilter{.max_resolution = 2}.passes(record)));
  EXPECT_FALSE((ChainFilter{.max_resolution = 2, .unknown_resolution = false}.passes(record)));
  EXPECT_TRUE((ChainFilter{.unknown_resolution = false}.passes(record))) << "no limit, nothing to pass";
}

TEST(ChainFilter, MethodsMatchByPartsAndKindsAsAWhole) {
  ChainRecord record = chain();
  EXPECT_TRUE((ChainFilter{.methods = "x-ray"}.passes(record)));
  EXPECT_TRUE((ChainFilter{.methods = "microscopy, X-Ray"}.passes(record)));
  EXPECT_FALSE((ChainFilter{.methods = "microscopy,nmr"}.passes(record)));
  EXPECT_TRUE((ChainFilter{.kinds = "rna"}.passes(record)));
  record.molecule_kind = "DNA/RNA hybrid";
  EXPECT_FALSE((ChainFilter{.kinds = "RNA"}.passes(record)));
  EXPECT_TRUE((ChainFilter{.kinds = "RNA,DNA/RNA hybrid"}.passes(record)));
}

}  // namespace
}  // namespace flashrna
