// Everything that an evaluation writes is defined in docs/evaluation.md.
#include "libfold/evaluation/definitions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "libfold/evaluation/embedded_file.h"
#include "libfold/evaluation/metrics_table.h"
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

// The value of `const NAME = ...;` in a script of the report, which is JSON.
nlohmann::json list_of_report(std::string_view script, const std::string& name) {
  const std::size_t at = script.find("const " + name + " = ") + name.size() + 9;
  return nlohmann::json::parse(script.substr(at, script.find(";\n", at) - at));
}

// The measures that only some evaluations have are named in no table of the program, so the keys of summaries are those
// of the documentation: rows between the headings of measures of a set, and those of proteins.
std::set<std::string> documented_measures() {
  const std::string text(embedded_definitions());
  std::set<std::string> keys;
  for (const auto& [from, to] :
       {std::pair{"## Measures of the set\n", "## Distributions\n"}, {"Of the whole set:\n", "Distributions:\n"}}) {
    const std::size_t begin = text.find(from);
    EXPECT_NE(begin, std::string::npos) << from;
    for (const auto& [key, definition] : read_definitions(text.substr(begin, text.find(to, begin) - begin)))
      keys.insert(key);
  }
  return keys;
}

TEST(Definitions, EveryMeasureOfASetIsInOneGroupOfTheReport) {
  std::set<std::string> grouped;
  for (const auto& group : list_of_report(embedded_script(), "groups"))
    for (const std::string key : group[1]) EXPECT_TRUE(grouped.insert(key).second) << key << " is in two groups";
  EXPECT_EQ(grouped, documented_measures()) << "measures without a group are listed under Other";
  for (const std::string key : list_of_report(embedded_script(), "headline")) EXPECT_TRUE(grouped.contains(key)) << key;
}

TEST(Definitions, EveryColumnAndDistributionOfTheReportIsDefined) {
  for (const std::string name : list_of_report(embedded_charts(), "mainDistributions"))
    EXPECT_NE(distribution_definition(name).text, "") << name;
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
