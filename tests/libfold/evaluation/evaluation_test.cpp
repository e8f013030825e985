#include "libfold/evaluation/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libfold/evaluation/evaluation_summary.h"
#include "libfold/evaluation/metrics_table.h"
#include "libfold/evaluation/readable_json.h"
#include "libfold/evaluation/set_measures.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

class SmallEvaluation : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 6; ++i) {
      folder.write(fmt::format("reference/{}.cif", i),
                   to_mmcif(example_structure(fmt::format("r{}", i), {20 + 4 * i})));
    }
    // Samples: two copies of one reference chain, one with a break, and one compressed.
    folder.write("samples/a.cif", to_mmcif(example_structure("a", {32})));
    folder.write("samples/b.cif", to_mmcif(example_structure("b", {32})));
    Structure broken = example_structure("c", {24}), squeezed = example_structure("d", {24});
    for (std::size_t i = 12; i < 24; ++i) {
      for (Vec3& atom : broken.chains[0].nucleotides[i].atoms) atom += Vec3(0.0, 60.0, 0.0);
    }
    for (Nucleotide& nucleotide : squeezed.chains[0].nucleotides) {
      for (Vec3& atom : nucleotide.atoms) atom *= 0.5;
    }
    folder.write("samples/c.cif", to_mmcif(broken));
    folder.write("samples/d.cif", to_mmcif(squeezed));
    settings.samples = {folder.path("samples")};
    settings.reference = folder.path("reference");
    settings.threads = 2;
  }

  std::optional<double> measure(const Evaluation& evaluation, const std::string& key) const {
    for (const SetMeasure& measure : set_measures(evaluation)) {
      if (measure.key == key) return measure.samples;
    }
    ADD_FAILURE() << "no measure " << key;
    return std::nullopt;
  }

  TemporaryFolder folder;
  EvaluationSettings settings;
};

TEST_F(SmallEvaluation, CountsWhatIsWrongAndFindsWhatIsKnown) {
  const std::optional<Evaluation> evaluation = evaluate(settings);
  ASSERT_TRUE(evaluation);
  const CsvTable table = metrics_table(*evaluation);
  ASSERT_EQ(table.rows.size(), 4u);
  const auto number = [&](std::size_t row, const char* column) { return table.number(row, table.column(column)); };
  EXPECT_EQ(number(0, "breaks"), 0.0);
  EXPECT_EQ(number(2, "breaks"), 1.0);
  EXPECT_EQ(number(3, "c4_neighbors"), 0.0) << "at half their distance";
  EXPECT_GT(*number(3, "clashes_per_100_atoms"), 50.0);
  EXPECT_NEAR(*number(0, "tm_longer"), 1.0, 1e-5) << "a reference chain has its length and shape";
  EXPECT_EQ(table.rows[0][table.column("nearest_longer")], "reference/3.cif");
  EXPECT_EQ(number(0, "cluster"), number(1, "cluster"));
  EXPECT_EQ(number(0, "sc_tm"), std::nullopt);
  EXPECT_EQ(measure(*evaluation, "clusters"), 3.0);
  EXPECT_EQ(measure(*evaluation, "d_raw"), 0.75);
  EXPECT_NEAR(*measure(*evaluation, "break_rate"), 100.0 / (31 + 31 + 23 + 23), 1e-9);
  EXPECT_EQ(evaluation->ranking().back(), 3u) << "the squeezed one is the worst";
}

TEST_F(SmallEvaluation, ThreadsChangeNoByte) {
  settings.threads = 1;
  const std::optional<Evaluation> one = evaluate(settings);
  settings.threads = 3;
  const std::optional<Evaluation> three = evaluate(settings);
  EXPECT_EQ(metrics_table(*one).to_csv(), metrics_table(*three).to_csv());
  EXPECT_EQ(readable_json(evaluation_summary(*one)), readable_json(evaluation_summary(*three)));
}

TEST_F(SmallEvaluation, WhatIsNotAskedForIsEmpty) {
  settings.reference = "";
  settings.diversity = false;
  const std::optional<Evaluation> evaluation = evaluate(settings);
  EXPECT_FALSE(evaluation->novelty);
  EXPECT_FALSE(evaluation->diversity);
  const CsvTable table = metrics_table(*evaluation);
  for (const char* column : {"rg_ratio", "cluster", "tm_to_reference", "nearest", "sc_tm", "valid", "native_lddt"}) {
    EXPECT_EQ(table.rows[0][table.column(column)], "") << column;
  }
  const auto summary = evaluation_summary(*evaluation);
  EXPECT_TRUE(summary["reference"].is_null());
  EXPECT_TRUE(summary["distributions"]["alpha"]["wasserstein"].is_null());
  EXPECT_GT(summary["distributions"]["alpha"]["samples"]["count"], 50);
}

TEST_F(SmallEvaluation, ExamplesAreTheBestTheMedianAndTheWorstOnce) {
  settings.novelty = settings.diversity = false;
  const auto ranks = [&] {
    std::vector<std::string> list;
    const auto summary = evaluation_summary(*evaluate(settings));
    for (const auto& example : summary["examples"]) {
      list.push_back(fmt::format("{} {}", example["rank"].get<std::string>(), example["name"].get<std::string>()));
      EXPECT_EQ(example["P"].size(), example["C4"].size());
    }
    return list;
  };
  const std::vector<std::string> four = ranks();
  ASSERT_EQ(four.size(), 3u);
  EXPECT_EQ(four[2], "worst samples/d.cif");
  settings.samples = {folder.path("samples/a.cif"), folder.path("samples/d.cif")};
  EXPECT_EQ(ranks(), (std::vector<std::string>{"best a.cif", "worst d.cif"}));
  settings.samples = {folder.path("samples/c.cif")};
  EXPECT_EQ(ranks(), std::vector<std::string>{"best c.cif"});
}

TEST_F(SmallEvaluation, AStopLeavesNothing) {
  int asked = 0;
  EvaluationCalls calls;
  calls.stop = [&] { return ++asked > 3; };
  settings.threads = 1;
  EXPECT_FALSE(evaluate(settings, calls));
}

TEST(ReadableJson, KeepsFlatArraysOnOneLineAndReadsBack) {
  const nlohmann::ordered_json value = {{"a", {1, 2.5, nullptr}},
                                        {"b", {{"c", "x\"y"}, {"d", nlohmann::ordered_json::array()}}}};
  const std::string text = readable_json(value);
  EXPECT_EQ(text, "{\n \"a\": [1,2.5,null],\n \"b\": {\n  \"c\": \"x\\\"y\",\n  \"d\": []\n }\n}\n");
  EXPECT_EQ(nlohmann::ordered_json::parse(text), value);
}

}  // namespace
}  // namespace flashrna
