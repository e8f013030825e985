#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/options.h"

namespace flashrna {
namespace {

using Words = std::vector<std::string>;

// A command with options of every type.
struct Command {
  Command() {
    configuration.bind("model.blocks", blocks, "number of blocks");
    configuration.bind("flow.min_t", min_t, "first time");
    line.positional("INPUT...", inputs, "files");
    line.option("output", output, "FILE.h5", "where to", Need::kRequired);
    line.list("lengths", lengths, "L...", "residues");
    line.flag("overwrite", overwrite, "replace");
    line.common(common);
    line.configuration(configuration);
  }
  // The message of the UsageError, "" if none is thrown.
  std::string error_of(const Words& words) {
    try {
      line.parse(words);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  Words inputs, lengths;
  std::string output;
  bool overwrite = false;
  int blocks = 6;
  double min_t = 0.01;
  CommonOptions common;
  Configuration configuration;
  CommandLine line{"test", "Tests.", "flashrna test a.pdb --output b.h5\nflashrna test --help"};
};

TEST(CommandLine, ReadsEveryKindOfOptionInAnyOrder) {
  Command command;
  ASSERT_TRUE(command.line.parse({"a.pdb", "--output=b.h5", "b.pdb", "--lengths", "40", "60", "--seed", "11",
                                  "--overwrite", "--model.blocks", "3", "--flow.min_t", "-1.5", "--device", "cuda:12",
                                  "--threads", "2", "--quiet", "--json"}));
  EXPECT_EQ(command.inputs, (Words{"a.pdb", "b.pdb"}));
  EXPECT_EQ(command.output, "b.h5");
  EXPECT_EQ(command.lengths, (Words{"40", "60"}));
  EXPECT_TRUE(command.overwrite);
  EXPECT_EQ(command.blocks, 3);
  EXPECT_EQ(command.min_t, -1.5);
  EXPECT_EQ(command.common.seed, 11u);
  EXPECT_EQ(command.common.device, "cuda:12");
  EXPECT_EQ(command.common.threads, 2);
  EXPECT_TRUE(command.common.quiet);
  EXPECT_TRUE(command.common.json);
  EXPECT_TRUE(command.line.given("output"));
  EXPECT_FALSE(command.line.given("config"));
}

TEST(CommandLine, BadUsageNamesTheWordAndWhatIsAllowed) {
  const std::pair<Words, std::string> cases[] = {
      {{"a", "--output", "b", "--overwrit"}, "unknown option \"--overwrit\"; did you mean \"--overwrite\"?"},
      {{"a", "--out", "b"}, "unknown option \"--out\"; did you mean \"--output\"?"},
      {{"a", "--output", "b", "--model.block=3"}, "unknown option \"--model.block\"; did you mean \"--model.blocks\"?"},
      {{"a", "--output", "b", "-x"}, "unknown option \"-x\"; flashrna help test lists them"},
      {{"a", "--output", "b", "--zzzzzzzzz", "4"}, "unknown option \"--zzzzzzzzz\"; flashrna help test lists them"},
      {{"a", "--output"}, "--output needs a value; see flashrna help test"},
      {{"a", "--output="}, "--output needs a value; see flashrna help test"},
      {{"a", "--output", "b", "--quiet=yes"}, "--quiet takes no value; see flashrna help test"},
      {{"a", "--output", "b", "--output", "c"}, "--output is given twice"},
      {{"--output", "b"}, "INPUT... is missing; see flashrna help test"},
      {{"a"}, "--output FILE.h5 is missing; see flashrna help test"},
      {{"a", "--output", "b", "--seed", "x"}, "--seed \"x\" is not a whole number from 0 to 18446744073709551615"},
      {{"a", "--output", "b", "--threads", "-2"},
       "--threads \"-2\" is not a whole number from 0 (as many as the process may use) to 4096"},
      {{"a", "--output", "b", "--device", "gpu"},
       "--device \"gpu\" is not auto, cpu, cuda or cuda:n with n from 0 to 999"},
      {{"a", "--output", "b", "--device", "cuda:"},
       "--device \"cuda:\" is not auto, cpu, cuda or cuda:n with n from 0 to 999"},
      {{"a", "--output", "b", "--model.blocks", "six"},
       "--model.blocks \"six\" is not a whole number from -2147483648 to 2147483647"},
  };
  for (const auto& [words, message] : cases) {
    Command command;
    EXPECT_EQ(command.error_of(words), message);
  }
}

TEST(CommandLine, CommandLineWinsOverTheFileWhereverConfigStands) {
  const std::string path = testing::TempDir() + "flashrna_command_line.ini";
  std::ofstream(path) << "[model]\nblocks = 4\n[flow]\nmin_t = 0.5\n";
  for (const Words& order : {Words{"a", "--output", "b", "--config", path, "--model.blocks", "3"},
                             Words{"a", "--model.blocks", "3", "--output", "b", "--config", path}}) {
    Command command;
    ASSERT_TRUE(command.line.parse(order));
    EXPECT_EQ(command.blocks, 3);
    EXPECT_EQ(command.min_t, 0.5);
    EXPECT_EQ(command.configuration.find("model.blocks")->source, "--model.blocks");
    EXPECT_EQ(command.configuration.find("flow.min_t")->source, path + ":4");
  }
  std::filesystem::remove(path);
}

TEST(CommandLine, SinglePositionalRefusesASecond) {
  Words files;
  CommandLine line("info", "Shows.", "flashrna info a.h5");
  line.positional("FILE", files, "a file");
  try {
    line.parse({"a", "b"});
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "unexpected argument \"b\": one FILE is allowed");
  }
}

TEST(CommandLine, TwoDashesEndTheOptions) {
  Words files;
  bool overwrite = false;
  CommandLine line("convert", "Converts.", "flashrna convert a.pdb");
  line.positional("INPUT...", files, "files");
  line.flag("overwrite", overwrite, "replace");
  line.parse({"a.pdb", "--overwrite", "--", "-x.pdb", "--help", "--"});
  EXPECT_TRUE(overwrite);
  EXPECT_EQ(files, (Words{"a.pdb", "-x.pdb", "--help", "--"}));
}

TEST(CommandLine, HelpNamesEveryOptionWithItsDefaultAndTheExample) {
  Command command;
  const std::string help = command.line.help();
  for (const char* part :
       {"Usage: flashrna test INPUT... --output FILE.h5 [options]", "--lengths L...", "--overwrite",
        "auto, cpu, cuda or cuda:n [auto]", "--model.blocks", "number of blocks [6]", "first time [0.01]",
        "\nExample:\n  flashrna test a.pdb --output b.h5\n  flashrna test --help\n"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\nis not in\n" << help;
  }
}

}  // namespace
}  // namespace flashrna
