#include "libfold/evaluation/metrics_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

TEST(MetricsTable, ReadsWhatItWrote) {
  MetricsTable table;
  table.columns = {"name", "value"};
  table.rows = {{"a,b \"c\"\nd", "1.5"}, {"", ""}, {"e", "x"}};
  const TemporaryFolder folder;
  const MetricsTable read = MetricsTable::read(folder.write("t.csv", table.to_csv()));
  EXPECT_EQ(read.columns, table.columns);
  EXPECT_EQ(read.rows, table.rows);
  EXPECT_EQ(read.number(0, 1), 1.5);
  EXPECT_FALSE(read.number(1, 1));
  EXPECT_FALSE(read.number(2, 1));
  EXPECT_EQ(read.column("value"), 1u);
}

TEST(MetricsTable, BadFilesAreNamed) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    const std::string path = folder.write("t.csv", text);
    return error_of([&] { MetricsTable::read(path); });
  };
  EXPECT_THAT(error(""), testing::HasSubstr("t.csv: empty"));
  EXPECT_THAT(error("a,b\n1,2\n1,2,3\n"), testing::HasSubstr("row 2 has 3 cells, the first line 2"));
  EXPECT_THAT(error_of([&] { MetricsTable::read(folder.path("none.csv")); }), testing::HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace flashrna
