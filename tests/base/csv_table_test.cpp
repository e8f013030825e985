#include "base/csv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

TEST(CsvTable, ReadsWhatItWrote) {
  CsvTable table;
  table.columns = {"name", "value"};
  table.rows = {{"a,b \"c\"\nd", "1.5"}, {"", ""}, {"e", "x"}};
  const TemporaryFolder folder;
  const CsvTable read = CsvTable::read(folder.write("t.csv", table.to_csv()));
  EXPECT_EQ(read.columns, table.columns);
  EXPECT_EQ(read.rows, table.rows);
  EXPECT_EQ(read.number(0, 1), 1.5);
  EXPECT_FALSE(read.number(1, 1));
  EXPECT_FALSE(read.number(2, 1));
  EXPECT_EQ(read.column("value"), 1u);
}

TEST(CsvTable, ALineIsSplitIntoTheCellsThatItWasMadeOf) {
  for (const std::vector<std::string>& cells :
       {std::vector<std::string>{"a", "b"}, {""}, {"", "", ""}, {"4-8,A5-12", "say \"x\"", " "}})
    EXPECT_EQ(split_csv_line(csv_line(cells)), cells);
  EXPECT_EQ(split_csv_line("a,b"), (std::vector<std::string>{"a", "b"})) << "without a line end";
  EXPECT_EQ(split_csv_line("a,\r\n"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(split_csv_line(""), std::vector<std::string>{""});
}

TEST(CsvTable, AByteOrderMarkIsNoPartOfTheFirstName) {
  const TemporaryFolder folder;
  const CsvTable table = CsvTable::read(folder.write("t.csv", "\xEF\xBB\xBFkey,value\r\na,1\r\n"));
  EXPECT_EQ(table.column("key"), 0u);
  EXPECT_EQ(table.rows.at(0), (std::vector<std::string>{"a", "1"}));
  EXPECT_THAT(message_of([&] { CsvTable::read(folder.write("u.csv", std::string("\xFF\xFEk\0", 4))); }),
              testing::HasSubstr("u.csv: the text is in UTF-16"));
}

TEST(CsvTable, BadFilesAreNamed) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    const std::string path = folder.write("t.csv", text);
    return message_of([&] { CsvTable::read(path); });
  };
  EXPECT_THAT(error(""), testing::HasSubstr("t.csv: empty"));
  EXPECT_THAT(error("a,b\n1,2\n1,2,3\n"), testing::HasSubstr("row 2 has 3 cells, the first line 2"));
  EXPECT_THAT(message_of([&] { CsvTable::read(folder.path("none.csv")); }), testing::HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace flashrna
