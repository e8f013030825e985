// Everything that an evaluation writes is defined in docs/evaluation.md.
#include "libfold/evaluation/definitions.h"

#include <gtest/gtest.h>

#include "libfold/evaluation/sample_table.h"
#include "libfold/evaluation/structure_measures.h"

namespace flashrna {
namespace {

TEST(Definitions, AreRowsOfTablesWithTheFourColumns) {
  const auto read = read_definitions(
      "| key | name | unit | definition |\n|---|---|---|---|\n| `a` | An a | nt | What it is. |\n\n"
      "| `b` | not | in a | table |\n| file | what |\n| `c` | d |\n");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read.at("a").name, "An a");
  EXPECT_EQ(read.at("a").unit, "nt");
  EXPECT_EQ(read.at("a").text, "What it is.");
}

TEST(Definitions, NameEveryColumnOfTheMetrics) {
  for (const std::string& column : metrics_table({}).columns) {
    EXPECT_TRUE(definitions().contains(column)) << column;
  }
}

TEST(Definitions, NameEveryDistribution) {
  for (const DistributedMeasure& measure : distributed_measures()) {
    const Definition definition = distribution_definition(measure.name);
    EXPECT_NE(definition.text, "") << measure.name;
    EXPECT_EQ(definition.unit, measure.kind == MeasureKind::kDistance ? "Å" : "°") << measure.name;
  }
  EXPECT_EQ(distribution_definition("P-OP1").name, "P–OP1");
  EXPECT_EQ(distribution_definition("C3'-O3'-P").text, "Angle of three bonded atoms of the backbone.");
  EXPECT_EQ(distribution_definition("nu3").name, "ν3");
}

}  // namespace
}  // namespace flashrna
