#include "cli/table.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace flashrna {
namespace {

Table example() {
  Table table({"chain", "length", "rg_angstrom", "modified"});
  table.add_row({"1EHZ_1_A", 76, 23.456789, true});
  table.add_row({"C4\xE2\x80\xB2\tend", std::size_t{4}, {}, false});
  return table;
}

TEST(Table, TsvHasOneTabBetweenCellsAndNoneInsideThem) {
  EXPECT_EQ(example().to_tsv(false),
            "chain\tlength\trg_angstrom\tmodified\n1EHZ_1_A\t76\t23.46\tyes\nC4\xE2\x80\xB2 end\t4\t-\tno\n");
}

TEST(Table, AlignedColumnsCountCharactersNotBytes) {
  EXPECT_EQ(example().to_tsv(true),
            "chain     length  rg_angstrom  modified\n"
            "1EHZ_1_A  76      23.46        yes\n"
            "C4\xE2\x80\xB2 end   4       -            no\n");
}

TEST(Table, JsonKeepsTypesFullPrecisionAndColumnOrder) {
  EXPECT_EQ(example().to_json().dump(),
            "[{\"chain\":\"1EHZ_1_A\",\"length\":76,\"rg_angstrom\":23.456789,\"modified\":true},"
            "{\"chain\":\"C4\xE2\x80\xB2\\tend\",\"length\":4,\"rg_angstrom\":null,\"modified\":false}]");
}

TEST(Table, NumberThatIsNotFiniteIsNullInJson) {
  Table table({"loss"});
  table.add_row({std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(table.to_json().dump(), "[{\"loss\":null}]");
}

TEST(Table, RowOfAnotherWidthIsRefused) {
  Table table({"a", "b"});
  EXPECT_THROW(table.add_row({1}), std::logic_error);
}

}  // namespace
}  // namespace flashrna
