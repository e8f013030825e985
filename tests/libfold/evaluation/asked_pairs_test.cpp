#include "libfold/evaluation/asked_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "libfold/evaluation/evaluation_summary.h"
#include "libfold/evaluation/metrics_table.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

class AskedPairsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder.write("samples/one.cif", to_mmcif(paired_hairpin("one")));
    folder.write("samples/two.cif", to_mmcif(example_structure("two", {30})));
    folder.write("samples/short.cif", to_mmcif(example_structure("short", {20})));
    samples = read_structure_files({folder.path("samples")}, {.keep_backbones = true});
  }
  TemporaryFolder folder;
  StructureSet samples;  // one sample, one too short, two samples
};

TEST_F(AskedPairsTest, OneStructureIsForEverySampleOfItsLength) {
  const AskedPairs asked(folder.write("asked.dbn", std::string(kPairedHairpin) + "\n"));
  const auto one = asked.compare(samples.structures[0]), two = asked.compare(samples.structures[2]);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->pairs.f1(), 1.0);
  EXPECT_EQ(one->loop_positions.f1(), 1.0);
  EXPECT_EQ(two->pairs.recall(), 0.0);
  EXPECT_EQ(two->loop_positions.recall(), 1.0);
  EXPECT_DOUBLE_EQ(two->loop_positions.precision(), 16.0 / 30.0);
  EXPECT_FALSE(asked.compare(samples.structures[1])) << "of another length";
}

TEST_F(AskedPairsTest, WholeBasesArePairedByTheirHydrogenBonds) {
  const AskedPairs asked(folder.write("asked.dbn", std::string(kPairedHairpin) + "\n"));
  MeasuredStructure sample = samples.structures[0];
  sample.whole_base_partner.clear();
  EXPECT_FALSE(asked.compare(sample)->whole_bases);
  sample.whole_base_partner = samples.structures[2].partner;  // no pair
  EXPECT_EQ(asked.compare(sample)->whole_bases->f1(), 0.0);
  EXPECT_EQ(asked.compare(sample)->pairs.f1(), 1.0);
  sample.whole_base_partner = sample.partner;
  EXPECT_EQ(asked.compare(sample)->whole_bases->f1(), 1.0);
}

TEST_F(AskedPairsTest, SeveralGoByTheirNamesAndFilesOfAFolderByTheirs) {
  const std::string hairpin = kPairedHairpin, open(30, '.');
  const AskedPairs several(folder.write("all.dbn", ">one\n" + hairpin + "\n>two\n" + open + "\n"));
  folder.write("asked/one.dbn", hairpin + "\n");
  folder.write("asked/more/two.dbn", ">called otherwise\n" + open + "\n");
  folder.write("asked/notes.txt", "nothing");
  const AskedPairs of_folder(folder.path("asked"));
  for (const AskedPairs* asked : {&several, &of_folder}) {
    EXPECT_EQ(asked->compare(samples.structures[0])->pairs.f1(), 1.0);
    EXPECT_EQ(asked->compare(samples.structures[2])->loop_positions.f1(), 1.0);
    EXPECT_FALSE(asked->compare(samples.structures[1]));
    MeasuredStructure numbered = samples.structures[0];
    numbered.name = "folder/one_sample_003.cif";
    EXPECT_EQ(asked->compare(numbered)->pairs.f1(), 1.0) << "as sample --secondary-structure names it";
  }
}

TEST_F(AskedPairsTest, WhatIsWrongIsNamed) {
  const auto error = [&](const std::string& path) { return message_of([&] { AskedPairs asked(folder.path(path)); }); };
  EXPECT_THAT(error("none"), HasSubstr("none: no such file or folder"));
  EXPECT_THAT(error("samples"), HasSubstr("samples: no secondary structure in this folder"));
  folder.write("twice.dbn", ">a\n....\n>a\n....\n");
  EXPECT_THAT(error("twice.dbn"), HasSubstr("a second secondary structure of the name \"a\""));
  folder.write("nameless.dbn", ">a\n....\n\n....\n");
  EXPECT_THAT(error("nameless.dbn"), HasSubstr("holds 2 structures, one without a name"));
  folder.write("open.dbn", "((..\n");
  EXPECT_THAT(error("open.dbn"), HasSubstr("open.dbn"));
}

TEST_F(AskedPairsTest, AnEvaluationHasThemBySampleAndOverAll) {
  EvaluationSettings settings;
  settings.samples = {folder.path("samples")};
  settings.pairs = folder.write("asked.dbn", std::string(kPairedHairpin) + "\n");
  settings.diversity = false;
  const std::optional<Evaluation> evaluation = evaluate(settings);
  const CsvTable table = metrics_table(*evaluation);
  EXPECT_EQ(table.number(0, table.column("pair_f1")), 1.0);
  EXPECT_EQ(table.number(0, table.column("paired")), 0.466667);
  EXPECT_EQ(table.number(0, table.column("hairpin_size")), 11.0);
  EXPECT_EQ(table.rows[1][table.column("pair_f1")], "") << "of another length";
  EXPECT_EQ(table.number(2, table.column("pair_recall")), 0.0);
  const auto summary = evaluation_summary(*evaluation);
  EXPECT_EQ(summary["measures"]["asked_pair_recall"]["samples"], 0.5);
  EXPECT_EQ(summary["measures"]["asked_pair_precision"]["samples"], 1.0);
  EXPECT_EQ(summary["measures"]["paired_rate"]["samples"], 100.0 * 14 / 80);
  EXPECT_EQ(summary["base_pairs"]["samples"]["helices"], nlohmann::json::parse("[[3,1],[4,1]]"));
  EXPECT_EQ(summary["base_pairs"]["samples"]["loops"]["hairpin"], nlohmann::json::parse("[[11,1]]"));
  bool found = false;
  for (const auto& example : summary["examples"]) {
    if (example["name"] != "samples/one.cif") continue;
    found = true;
    EXPECT_EQ(example["dot_bracket"], kPairedHairpin);
    EXPECT_EQ(example["pairs"][0], nlohmann::json::parse("[2,27,0]"));
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace flashrna
