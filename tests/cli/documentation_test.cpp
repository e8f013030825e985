// Runs every `flashrna` command of the README and of the help texts verbatim, in order. Options for a smaller model and
// fewer steps are appended to training and sampling commands, so that they take seconds.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

// Lines that begin with "flashrna " within ```sh blocks.
std::vector<std::string> commands_of_markdown(const std::string& text) {
  std::vector<std::string> commands;
  std::istringstream lines(text);
  bool in_shell = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) in_shell = line == "```sh";
    if (in_shell && line.starts_with("flashrna ")) commands.push_back(line);
  }
  return commands;
}

// The lines after "Example:".
std::vector<std::string> commands_of_help(const std::string& subcommand) {
  const std::string help = run_flashrna({"help", subcommand}).output;
  std::vector<std::string> commands;
  std::istringstream lines(help.substr(help.find("\nExample:\n") + 10));
  for (std::string line; std::getline(lines, line);) commands.push_back(line.substr(2));
  return commands;
}

// If the checkout lacks the shipped weights, a model trained for a few steps replaces them.
const bool kShipsWeights = std::filesystem::exists(FLASHRNA_SOURCE_DIR "/weights/flashrna-small.h5");
constexpr const char* kStandIn = "instead_of_weights";

std::string checkpoint_for(const std::string& command) {
  if (kShipsWeights || command.find(" --checkpoint ") != std::string::npos) return "";
  std::cout << "  no weights/flashrna-small.h5, a model of some steps for: " << command << "\n";
  return fmt::format(" --checkpoint {}", kStandIn);
}

std::string shortened(const std::string& command) {
  if (command.starts_with("flashrna train --resume")) return command + " --training.steps 4";
  if (command.starts_with("flashrna train ")) return command + fmt::format(" {}", fmt::join(small_model_words(), " "));
  if (command.starts_with("flashrna sample ")) return command + " --steps 2" + checkpoint_for(command);
  return command;
}

void expect_all_run(const std::vector<std::string>& commands) {
  const TemporaryFolder folder;
  make_small_project(folder);
  if (!kShipsWeights) train_small_model(folder, kStandIn);
  std::filesystem::remove(folder.path("rna.h5"));
  std::filesystem::rename(folder.path("structures/small1.cif"), folder.path("structures/1ehz.cif"));
  for (const std::string& command : commands) {
    const ProgramResult result = run_shell(shortened(command), {.folder = folder.path()});
    EXPECT_EQ(result.status, 0) << command << "\n" << result.errors;
    if (command.find(" > ") == std::string::npos) {
      EXPECT_NE(result.output, "") << command;
    }
  }
}

TEST(Documentation, EveryReadmeCommandRuns) {
  const std::vector<std::string> commands = commands_of_markdown(file_bytes(FLASHRNA_SOURCE_DIR "/README.md"));
  EXPECT_GE(commands.size(), 4u);
  expect_all_run(commands);
}

TEST(Documentation, EveryCommandOfTheTutorialsAndTheStartPageRuns) {
  for (const char* page : {"/docs/tutorials.md", "/docs/start.md"}) {
    const std::vector<std::string> commands = commands_of_markdown(file_bytes(std::string(FLASHRNA_SOURCE_DIR) + page));
    EXPECT_GE(commands.size(), 2u) << page;
    expect_all_run(commands);
  }
}

TEST(Documentation, EveryExampleOfTheHelpTextsRuns) {
  std::vector<std::string> commands;
  for (const char* subcommand : {"convert", "split", "merge", "export", "train", "info", "sample", "weights",
                                 "evaluate", "doctor", "bench", "completion"}) {
    for (const std::string& command : commands_of_help(subcommand)) commands.push_back(command);
  }
  EXPECT_GE(commands.size(), 8u);
  expect_all_run(commands);
}

TEST(Examples, StructuresToWeightsRuns) {
  const TemporaryFolder folder;
  make_small_project(folder);
  const std::string command = fmt::format(FLASHRNA_SOURCE_DIR
                                          "/examples/shell/structures_to_weights.sh structures out configs/demo.ini {} "
                                          "--data.validation_fraction 0",  // the structures are one cluster
                                          fmt::join(small_model_words(), " "));
  const ProgramResult first = run_shell(command, {.folder = folder.path()});
  ASSERT_EQ(first.status, 0) << first.errors;
  for (const char* file : {"out/weights.h5", "out/samples/len_00120_sample_001.cif", "out/evaluation/report.html"})
    EXPECT_TRUE(std::filesystem::exists(folder.path(file))) << file;
  EXPECT_EQ(run_shell(FLASHRNA_SOURCE_DIR "/examples/shell/structures_to_weights.sh structures").status, 2);
}

// The options that the help text of a command lists.
std::vector<std::string> options_of_help(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  words.emplace_back("--help");
  std::istringstream lines(run_flashrna(words).output);
  std::vector<std::string> options;
  for (std::string line; std::getline(lines, line) && line != "Example:";) {
    if (line.starts_with("  --")) options.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return options;
}

TEST(Documentation, CompletionsAndManualPageHaveEveryOptionOfTheHelpTexts) {
  const std::string bash = run_flashrna({"completion", "bash"}).output;
  const std::string zsh = run_flashrna({"completion", "zsh"}).output;
  std::string page = run_flashrna({"help", "--man"}).output;
  std::erase(page, '\\');
  const std::vector<std::vector<std::string>> commands = {
      {"convert"},         {"split"},   {"merge"},    {"export"}, {"train"},          {"info"},
      {"sample"},          {"weights"}, {"evaluate"}, {"doctor"}, {"bench", "model"}, {"bench", "training"},
      {"bench", "convert"}};
  for (const std::vector<std::string>& command : commands) {
    const std::string name = fmt::format("{}", fmt::join(command, " "));
    const std::vector<std::string> options = options_of_help(command);
    EXPECT_GE(options.size(), 6u) << name;
    const auto part = [&](const std::string& text, const std::string& start, const std::string& end) {
      const std::size_t first = text.find(start);
      return first == std::string::npos ? "" : text.substr(first, text.find(end, first + start.size()) - first);
    };
    const std::string in_bash = part(bash, "'" + name + "')", ";;"), in_zsh = part(zsh, "'" + name + "')", ";;");
    const std::string in_page = part(page, ".SS flashrna " + name + "\n", ".SS ");
    for (const std::string& option : options) {
      EXPECT_TRUE(in_bash.find(option + " ") != std::string::npos || in_bash.find(option + "'") != std::string::npos)
          << name << " " << option;
      EXPECT_NE(in_zsh.find("'" + option + "["), std::string::npos) << name << " " << option;
      if (option != "--help") {
        EXPECT_NE(in_page.find("fB" + option + "fR"), std::string::npos) << name << " " << option;
      }
    }
  }
}

// A model that was trained with every condition.
TEST(Documentation, EveryCommandOfTheDesignPageAndItsHelpRuns) {
  const std::string page = file_bytes(FLASHRNA_SOURCE_DIR "/docs/design.md");
  std::vector<std::string> commands = commands_of_markdown(page);
  EXPECT_GE(commands.size(), 8u);
  const TemporaryFolder folder;
  make_small_project(folder);
  train_small_model(folder, "runs/rna",
                    {"--model.positions", "relative", "--model.local_edges", "8", "--model.edge_votes", "8",
                     "--model.condition_pairs", "true", "--model.condition_letters", "true", "--model.condition_motifs",
                     "true", "--model.condition_motif_groups", "true", "--flow.prior", "chain"});
  std::filesystem::rename(folder.path("structures/small1.cif"), folder.path("structures/1ehz.cif"));
  const auto run_all = [&](const std::vector<std::string>& lines) {
    for (const std::string& command : lines) {
      const ProgramResult result = run_shell(command + " --steps 2", {.folder = folder.path()});
      EXPECT_EQ(result.status, 0) << command << "\n" << result.errors;
    }
  };
  run_all(commands);
  // The spec that a run writes makes the same files, down to the spec itself.
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("scaffolds"))) {
    const std::string name = entry.path().filename();
    if (name.starts_with(".") || name == "timings.csv") continue;
    EXPECT_EQ(file_bytes(entry.path()), file_bytes(folder.path("again/" + name))) << name;
  }
  for (const char* output : {"hairpins", "scaffolds", "again"}) std::filesystem::remove_all(folder.path(output));
  run_all(commands_of_help("design"));
}

TEST(Documentation, ReadmeHasAtMost150Lines) {
  const std::string text = file_bytes(FLASHRNA_SOURCE_DIR "/README.md");
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 150);
}

}  // namespace
}  // namespace flashrna
