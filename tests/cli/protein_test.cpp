// Runs the commands that take datasets and structures of proteins as a user does.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "datasets/dataset_reader.h"
#include "protein/io/structure_reader.h"
#include "protein/io/structure_writer.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"
#include "tests/protein/synthetic_peptide.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// Files proteins/p0.cif to p3.cif of a chain each, the last with a copy of the first's sequence; rna.h5 of the small
// project, and protein.h5.
class ProteinCommands : public ::testing::Test {
 protected:
  ProteinCommands() {
    make_small_project(folder);
    const std::string letters = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSG";
    for (std::size_t i = 0; i < 4; ++i) {
      ProteinStructure structure;
      structure.entry = fmt::format("p{}", i);
      const std::string sequence = i == 3 ? letters.substr(0, 40) : letters.substr(i) + letters.substr(0, i);
      structure.chains = {synthetic_peptide("A", sequence, -57.0 - 20.0 * static_cast<double>(i), -47.0)};
      folder.write("proteins/" + structure.entry + ".cif", to_mmcif(structure));
    }
    const ProgramResult converted =
        flashrna({"convert", "proteins", "--polymer", "protein", "--output", "protein.h5", "--json"});
    EXPECT_EQ(converted.status, 0) << converted.errors;
    EXPECT_EQ(Json::parse(converted.output).at("chains"), 4);
  }
  ProgramResult flashrna(const std::vector<std::string>& words) const {
    return run_flashrna(words, {.folder = folder.path()});
  }
  std::string output_of(const std::vector<std::string>& words) const {
    const ProgramResult result = flashrna(words);
    EXPECT_EQ(result.status, 0) << result.errors;
    return result.output;
  }
  void expect_error(const std::vector<std::string>& words, int status, const std::string& part) const {
    const auto before = list_files(folder.path());
    const ProgramResult result = flashrna(words);
    EXPECT_EQ(result.status, status) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_EQ(list_files(folder.path()), before);
  }

  TemporaryFolder folder;
};

TEST_F(ProteinCommands, InfoShowsWhatIsInDatasetsAndStructures) {
  const Json info = Json::parse(output_of({"info", "protein.h5", "--json"}));
  EXPECT_EQ(info.at("polymer"), "protein");
  EXPECT_EQ(info.at("residues"), 190);
  EXPECT_FALSE(info.contains("paired_share"));
  EXPECT_EQ(Json::parse(output_of({"info", "rna.h5", "--json"})).at("polymer"), "rna");
  const std::string text = output_of({"info", "protein.h5"});
  EXPECT_THAT(text, HasSubstr("amino acids"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("base pairs")));
  EXPECT_THAT(text, HasSubstr("40 to 50 aa, median 50"));
  const Json structure = Json::parse(output_of({"info", "proteins/p3.cif", "--polymer", "protein", "--json"}));
  EXPECT_EQ(structure.at("chains").at(0).at("length"), 40);
  EXPECT_EQ(structure.at("chains").at(0).at("molecule_kind"), "protein");
  EXPECT_THAT(output_of({"info", "proteins/p3.cif"}), HasSubstr("protein: 40 amino acids"));
}

TEST_F(ProteinCommands, SplitMergeAndExportKeepTheChains) {
  output_of({"split", "protein.h5", "--output", "split.h5", "--fractions", "0.5,0,0.5", "--cluster-with", "5-mers"});
  const DatasetReader split(folder.path("split.h5"));
  EXPECT_EQ(split.polymer(), Polymer::kProtein);
  EXPECT_EQ(split.chains()[0].sequence_cluster, split.chains()[3].sequence_cluster);
  EXPECT_EQ(split.chains()[0].split, split.chains()[3].split);
  output_of({"split", "protein.h5", "--output", "fold.h5", "--no-clusters", "--tm-cut", "0.5"});
  output_of({"merge", "protein.h5", "split.h5", "--output", "all.h5"});
  EXPECT_EQ(DatasetReader(folder.path("all.h5")).chains().size(), 4u);
  for (const std::string format : {"cif", "pdb"}) {
    output_of({"export", "split.h5", "--output", format, "--format", format});
    const ProteinStructure exported = read_protein_structure(folder.path(format + "/p1_1_A." + format));
    const ProteinStructure original = read_protein_structure(folder.path("proteins/p1.cif"));
    ASSERT_EQ(exported.chains.size(), 1u);
    EXPECT_EQ(exported.chains[0].sequence(), original.chains[0].sequence());
    for (std::size_t i = 0; i < 50; ++i) {
      for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
        EXPECT_LT((exported.chains[0].residues[i].atom(slot) - original.chains[0].residues[i].atom(slot)).norm(), 2e-3);
      }
    }
  }
  output_of({"export", "protein.h5", "--output", "rebuilt", "--rebuilt"});
  EXPECT_EQ(read_protein_structure(folder.path("rebuilt/p0_1_A.cif")).chains[0].residues.size(), 50u);
}

TEST_F(ProteinCommands, EvaluateMeasuresAndComparesProteins) {
  const Json printed =
      Json::parse(output_of({"evaluate", "--polymer", "protein", "--samples", "proteins", "--reference", "protein.h5",
                             "--native", "proteins", "--output", "evaluation", "--json"}));
  EXPECT_EQ(printed.at("measures").at("ca_near_rate").at("samples"), 100.0);
  EXPECT_LT(printed.at("measures").at("ramachandran_distance").at("samples").get<double>(), 1e-3);  // float32
  EXPECT_NEAR(printed.at("measures").at("median_native_rmsd").at("samples").get<double>(), 0.0, 1e-6);
  EXPECT_FALSE(printed.at("measures").contains("paired_rate"));
  EXPECT_TRUE(fs::exists(folder.path("evaluation/report.html")));
  EXPECT_THAT(output_of({"evaluate", "--compare", "evaluation", "--output", "comparison"}), HasSubstr("CA–CA"));
  output_of({"evaluate", "--samples", "structures", "--no-diversity", "--output", "rna"});
  expect_error({"evaluate", "--compare", "evaluation", "rna", "--output", "both"}, 1,
               "evaluation measures protein, rna rna; compare sets of one polymer");
}

TEST_F(ProteinCommands, WhatNeedsTheOtherPolymerIsRefusedWithOneSentence) {
  expect_error({"convert", "proteins", "--output", "none.h5"}, 1, "no RNA chain found in 4 files");
  expect_error({"convert", "structures", "--polymer", "protein", "--output", "none.h5"}, 1,
               "no protein chain found in 12 files");
  expect_error({"convert", "structures", "--polymer", "dna", "--output", "none.h5"}, 2,
               "--polymer \"dna\" is not rna or protein");
  expect_error({"merge", "protein.h5", "rna.h5", "--output", "both.h5"}, 1,
               "rna.h5 is a dataset of RNA, protein.h5 of proteins; merge datasets of one polymer");
  expect_error({"export", "protein.h5", "--format", "dbn", "--output", "pairs"}, 1,
               "protein.h5: a dataset of proteins, --format dbn needs one of RNA");
  expect_error({"split", "protein.h5", "--output", "s.h5", "--cluster-with", "cd-hit-est"}, 2,
               "is not mmseqs, cd-hit or 5-mers, as a dataset of proteins needs it");
  expect_error({"evaluate", "--samples", "structures", "--reference", "protein.h5", "--output", "e"}, 1,
               "protein.h5: a dataset of proteins, an evaluation of RNA needs one of RNA");
  expect_error({"evaluate", "--polymer", "protein", "--samples", "proteins", "--reference", "rna.h5", "--output", "e"},
               1, "rna.h5: a dataset of RNA, an evaluation with --polymer protein needs one of proteins");
  expect_error({"evaluate", "--polymer", "protein", "--samples", "structures", "--output", "e"}, 1,
               "no protein structure to measure in 12 files");
  expect_error({"info", "protein.h5", "--polymer", "protein"}, 2, "--polymer is of structure files");
}

}  // namespace
}  // namespace flashrna
