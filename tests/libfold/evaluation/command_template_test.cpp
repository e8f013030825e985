#include "libfold/evaluation/command_template.h"

#include <gtest/gtest.h>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using Words = std::vector<std::string>;

TEST(CommandTemplate, WordsAreThoseOfAShell) {
  const CommandTemplate command("folding", R"(sh -c 'cat "{fasta}" > {structure}'  "two words" a\ b '' x"y"z)",
                                {"{fasta}", "{structure}"});
  EXPECT_EQ(command.words({{"{fasta}", "in file"}, {"{structure}", "out"}}),
            (Words{"sh", "-c", "cat \"in file\" > out", "two words", "a b", "", "xyz"}));
}

TEST(CommandTemplate, BackslashesAreThoseOfAShell) {
  const CommandTemplate command("folding", "a\\\n b \"c\\\nd \\n \\\"e\\\" \\\\ \\$f\" 'g\\h' {fasta}", {"{fasta}"});
  EXPECT_EQ(command.words({}), (Words{"a", "b", "cd \\n \"e\" \\ $f", "g\\h", "{fasta}"}));
}

TEST(CommandTemplate, ValuesAreNotFilledAgainAndOtherBracesStay) {
  const CommandTemplate command("folding", "awk {print} {fasta}{fasta}", {"{fasta}"});
  EXPECT_EQ(command.words({{"{fasta}", "{structure}"}, {"{structure}", "no"}}),
            (Words{"awk", "{print}", "{structure}{structure}"}));
}

TEST(CommandTemplate, AMissingPlaceholderAndAnOpenQuoteAreNamed) {
  const auto error = [](const std::string& text) {
    return message_of([&] { CommandTemplate("folding", text, {"{fasta}", "{structure}"}); });
  };
  EXPECT_EQ(error("fold {fasta}"),
            "--folding \"fold {fasta}\" has no {structure}; the command must name {fasta} and {structure}");
  EXPECT_EQ(error("fold '{fasta} {structure}"), "--folding \"fold '{fasta} {structure}\": a quote (') has no end");
  EXPECT_EQ(error("  "), "--folding: the command is empty");
}

}  // namespace
}  // namespace flashrna
