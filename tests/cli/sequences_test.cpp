// Sequences and bases of samples, and how good they are: flashrna sample --design-sequence --all-atom, bench sequences.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rna/chi.h"
#include "rna/io/structure_reader.h"
#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

using Words = std::vector<std::string>;

class Sequences : public TrainedProject {
 protected:
  static void SetUpTestSuite() {
    TrainedProject::SetUpTestSuite();
    train_small_model(*folder, "nine",
                      {"--model.torsions", "9", "--model.letter_head", "true", "--losses.letter_weight", "0.2"});
  }
  static ProgramResult sample(const std::string& checkpoint, const Words& more) {
    Words words{"sample",  "--checkpoint", checkpoint, "--steps",   "3", "--seed",   "1",
                "--quiet", "--lengths",    "24",       "--samples", "2", "--output", "molecules"};
    words.insert(words.end(), more.begin(), more.end());
    return run_flashrna(words, {.folder = folder->path()});
  }
  static std::vector<std::string> lines_of(const std::string& path) {
    std::istringstream text(file_bytes(folder->path(path)));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(Sequences, LieBesideSamplesWhoseBasesTheyName) {
  const Words request{"--design-sequence", "3", "--temperature", "0.7", "--all-atom"};
  const ProgramResult made = sample("nine", request);
  ASSERT_EQ(made.status, 0) << made.errors;
  for (const char* name : {"len_00024_sample_000", "len_00024_sample_001"}) {
    const std::vector<std::string> lines = lines_of(fmt::format("molecules/{}.fasta", name));
    ASSERT_EQ(lines.size(), 6u);
    for (int k = 0; k < 3; ++k) {
      EXPECT_TRUE(lines[2 * k].starts_with(fmt::format(">{}_design_{} mean_log_probability=-", name, k)))
          << lines[2 * k];
      EXPECT_EQ(lines[2 * k + 1].size(), 24u);
      EXPECT_EQ(lines[2 * k + 1].find_first_not_of("ACGU"), std::string::npos) << lines[2 * k + 1];
    }
    const Structure structure = read_structure(folder->path(fmt::format("molecules/{}.cif", name)));
    ASSERT_EQ(structure.chains.size(), 1u);
    EXPECT_EQ(structure.chains[0].sequence(), lines[1]);
    for (const Nucleotide& nucleotide : structure.chains[0].nucleotides) EXPECT_TRUE(chi_of(nucleotide));
  }
  // A deleted file is written again with the same bytes.
  const std::string lost = folder->path("molecules/len_00024_sample_001.fasta"), before = file_bytes(lost);
  std::filesystem::remove(lost);
  EXPECT_EQ(sample("nine", request).status, 0);
  EXPECT_EQ(file_bytes(lost), before);
}

TEST_F(Sequences, AModelWithoutThemIsRefusedByName) {
  const ProgramResult letters = sample("run", {"--design-sequence", "1"});
  EXPECT_EQ(letters.status, 1);
  EXPECT_NE(letters.errors.find("--design-sequence: this model proposes no nucleotides (model.letter_head = false)"),
            std::string::npos)
      << letters.errors;
  const ProgramResult bases = sample("run", {"--nucleotide", "G", "--all-atom"});
  EXPECT_EQ(bases.status, 1);
  EXPECT_NE(bases.errors.find("--all-atom: this model does not predict chi (model.torsions = 8)"), std::string::npos);
  const ProgramResult unnamed = sample("nine", {"--all-atom"});
  EXPECT_EQ(unnamed.status, 2);
  EXPECT_NE(unnamed.errors.find("--all-atom: no residue is named"), std::string::npos) << unnamed.errors;
  EXPECT_EQ(sample("nine", {"--design-sequence", "1", "--temperature", "0"}).status, 2);
}

TEST_F(Sequences, BenchScoresEveryPredictorOnTheSameResidues) {
  const ProgramResult result =
      run_flashrna({"bench", "sequences", "--checkpoint", "nine", "--data", "rna.h5", "--json", "--quiet"},
                   {.folder = folder->path()});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto table = nlohmann::json::parse(result.output);
  ASSERT_EQ(table.size(), 5u);
  EXPECT_EQ(table[0]["predictor"], "network, pairs given");
  EXPECT_EQ(table[4]["predictor"], "frequencies given pairing");
  for (const auto& row : table) {
    EXPECT_EQ(row["residues"], table[0]["residues"]);
    EXPECT_GE(row["recovery"].get<double>(), 0.0);
    EXPECT_LE(row["recovery"].get<double>(), 1.0);
  }
  EXPECT_GT(table[0]["residues"].get<int>(), 20);
  const ProgramResult trained =
      run_flashrna({"bench", "sequences", "--checkpoint", "nine", "--data", "rna.h5", "--split", "train"},
                   {.folder = folder->path()});
  EXPECT_EQ(trained.status, 2) << trained.errors;
}

}  // namespace
}  // namespace flashrna
