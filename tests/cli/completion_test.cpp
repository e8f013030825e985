// Completion scripts and the manual page from a table of two commands. documentation_test.cpp tests the program's.
#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

std::vector<CommandDescription> two_commands() {
  CommandDescription make{.command = "make",
                          .summary = "Makes it: don't ask.",
                          .example = "flashrna make a.pdb --output b.h5",
                          .positional = "INPUT...",
                          .positional_description = "files",
                          .options = {}};
  make.options = {
      {.name = "output", .placeholder = "FILE.h5", .description = "where to", .required = true},
      {.name = "folder", .placeholder = "DIR", .description = "its [folder], 5 Å"},
      {.name = "device", .placeholder = "NAME", .description = "auto, cpu", .standard = "auto"},
      {.name = "overwrite", .placeholder = "", .description = "replace: the user's file"},
      {.name = "model.blocks", .placeholder = "VALUE", .description = "number", .standard = "6", .setting = true}};
  CommandDescription bench{
      .command = "bench fast", .summary = "Times.", .example = "flashrna bench fast", .options = {}};
  bench.options = {{.name = "repeats", .placeholder = "N", .description = "how often", .standard = "3"}};
  return {make, bench};
}

// Standard output of a command line of the shell; "failed" if it has another status than 0.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  return pclose(pipe) == 0 ? text : "failed: " + text;
}

class BashCompletion : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("flashrna.bash", completion_script("bash", two_commands()));
    folder_.write("a.pdb", "");
  }
  // What bash offers for `words`, the last of which is being typed, one per line and sorted.
  std::string offered(const std::string& words) {
    folder_.write("complete.bash", "source ./flashrna.bash\nCOMP_WORDS=(" + words +
                                       ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_flashrna\n"
                                       "printf '%s\\n' \"${COMPREPLY[@]}\" | sort\n");
    return output_of("cd '" + folder_.path(".") + "' && mkdir -p inner && bash ./complete.bash 2>&1");
  }
  TemporaryFolder folder_;
};

TEST_F(BashCompletion, ScriptParses) {
  EXPECT_EQ(output_of("bash -n '" + folder_.path("flashrna.bash") + "' 2>&1"), "");
}

TEST_F(BashCompletion, OffersSubcommandsThenTheirOptions) {
  EXPECT_EQ(offered("flashrna ma"), "make\n");
  EXPECT_EQ(offered("flashrna bench ''"), "--help\nfast\n");
  EXPECT_EQ(offered("flashrna make --o"), "--output\n--overwrite\n");
  EXPECT_EQ(offered("flashrna make --model"), "--model.blocks\n");
  EXPECT_EQ(offered("flashrna bench fast --"), "--help\n--repeats\n");
  EXPECT_EQ(offered("flashrna help b"), "bench\n");
}

TEST_F(BashCompletion, OffersFilesFoldersAndNamesAsValues) {
  EXPECT_EQ(offered("flashrna make a"), "a.pdb\n");
  EXPECT_EQ(offered("flashrna make --output a"), "a.pdb\n");
  EXPECT_EQ(offered("flashrna make --folder ''"), "inner\n");
  EXPECT_EQ(offered("flashrna make --device c"), "cpu\ncuda\n");
  EXPECT_EQ(offered("flashrna bench fast --repeats a"), "\n");
}

TEST(ZshCompletion, ScriptParsesAndHasEveryOption) {
  const TemporaryFolder folder;
  const std::string script = completion_script("zsh", two_commands());
  for (const char* part :
       {"'--output[where to]:FILE.h5:_files'", "'--folder[its \\[folder\\], 5 Å]:DIR:_files -/'",
        "'--device[auto, cpu]:NAME:(auto cpu cuda)'", "'--overwrite[replace\\: the user'\\''s file]'",
        "'--model.blocks[number]:VALUE: '", "'--repeats[how often]:N: '"})
    EXPECT_THAT(script, HasSubstr(part));
  if (output_of("command -v zsh; true").empty()) GTEST_SKIP() << "no zsh to parse the script";
  folder.write("_flashrna", script);
  EXPECT_EQ(output_of("zsh -n '" + folder.path("_flashrna") + "' 2>&1"), "");
}

TEST(Completion, AnotherShellIsRefused) { EXPECT_THROW(completion_script("fish", two_commands()), UsageError); }

TEST(ManPage, EscapesAndHasEveryOption) {
  const std::string page = man_page("1.2.3", two_commands());
  for (const char* part : {".TH FLASHRNA 1 \"\" \"flashrna 1.2.3\"", ".SS flashrna make\nMakes it: don't ask.\n",
                           "\\fB\\-\\-output\\fR", "its [folder], 5 \\[u00C5]", "where to (required)",
                           "\\fB\\-\\-model.blocks\\fR \\fIVALUE\\fR\nnumber [6]", ".SS flashrna bench fast"})
    EXPECT_THAT(page, HasSubstr(part));
  const TemporaryFolder folder;
  folder.write("flashrna.1", page);
  if (output_of("command -v groff; true").empty()) GTEST_SKIP() << "no groff to format the page";
  EXPECT_EQ(output_of("groff -K utf8 -man -Tutf8 -ww '" + folder.path("flashrna.1") + "' 2>&1 >/dev/null"), "");
}

}  // namespace
}  // namespace flashrna
