// Behavior common to all subcommands: help, version, unknown words, exit statuses, use of stdout and stderr.
#include "tests/cli/program.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

namespace flashrna {
namespace {

TEST(Program, AloneItListsItsSubcommandsOnStdout) {
  const ProgramResult result = run_flashrna({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "");
  for (const char* name : {"\n  convert ", "\n  split ", "\n  merge ", "\n  export ", "\n  info ", "\n  train ",
                           "\n  sample ", "\n  doctor ", "\n  bench "}) {
    EXPECT_NE(result.output.find(name), std::string::npos) << result.output;
  }
  EXPECT_EQ(run_flashrna({"--help"}).output, result.output);
  EXPECT_EQ(run_flashrna({"help"}).output, result.output);
}

TEST(Program, VersionNamesTheLibrariesThatDecideTheResults) {
  const ProgramResult result = run_flashrna({"--version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output.find(fmt::format("flashrna {}\nLibTorch 2.11", FLASHRNA_VERSION)), 0u) << result.output;
  for (const char* name : {"\nCUDA     ", "\nHDF5     1.", "\ngemmi    0."}) {
    EXPECT_NE(result.output.find(name), std::string::npos) << result.output;
  }
}

class Subcommand : public testing::TestWithParam<std::string> {};

TEST_P(Subcommand, HelpIsTheSameBothWaysAndEndsWithAnExample) {
  const ProgramResult asked = run_flashrna({"help", GetParam()});
  EXPECT_EQ(asked.status, 0);
  EXPECT_EQ(asked.errors, "");
  EXPECT_EQ(run_flashrna({GetParam(), "--help"}).output, asked.output);
  EXPECT_NE(asked.output.find("\nUsage: flashrna " + GetParam() + " "), std::string::npos) << asked.output;
  EXPECT_NE(asked.output.find("\nExample:\n  flashrna " + GetParam() + " "), std::string::npos) << asked.output;
}

TEST_P(Subcommand, HelpNamesTheOptionsThatMeanTheSameEverywhere) {
  const std::string help = run_flashrna({"help", GetParam()}).output;
  for (const char* row : {"  --seed N                      seed of every random stream [0]\n",
                          "  --device NAME                 auto, cpu, cuda or cuda:n [auto]\n",
                          "  --threads N                   CPU threads; 0 = what OMP_NUM_THREADS, affinity and quota "
                          "allow; flashrna doctor shows it [0]\n",
                          "  --quiet                       no progress and no log on stderr\n",
                          "  --json                        results as JSON instead of a table\n"}) {
    EXPECT_NE(help.find(row), std::string::npos) << row << "is not in\n" << help;
  }
}

TEST_P(Subcommand, UnknownOptionIsUsageWithTheNearestName) {
  const ProgramResult result = run_flashrna({GetParam(), "--theads", "2"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "error: unknown option \"--theads\"; did you mean \"--threads\"?\n");
}

TEST_P(Subcommand, WithoutArgumentsItSaysWhatIsMissing) {
  const ProgramResult result = run_flashrna({GetParam()});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.output, "");
  EXPECT_NE(result.errors.find(" is missing; see flashrna help " + GetParam() + "\n"), std::string::npos)
      << result.errors;
}

INSTANTIATE_TEST_SUITE_P(All, Subcommand,
                         testing::Values("convert", "split", "merge", "export", "info", "train", "sample"),
                         [](const auto& instance) { return instance.param; });

TEST(Program, UnknownSubcommandIsUsageWithTheNearestName) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"trian"}, {"help", "trian"}}) {
    const ProgramResult result = run_flashrna(words);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(result.errors, "error: unknown subcommand \"trian\"; did you mean \"train\"?\n");
  }
  EXPECT_EQ(
      run_flashrna({"xyzzyx"}).errors,
      "error: unknown subcommand \"xyzzyx\"; there are convert, split, merge, export, info, train, sample, weights, "
      "evaluate, doctor, bench, completion\n");
}

TEST(Program, StdoutThatCannotBeWrittenIsAnError) {
  const ProgramResult result = run_flashrna({"--help"}, {.output_path = "/dev/full"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors, "error: cannot write to standard output: No space left on device\n");
}

}  // namespace
}  // namespace flashrna
