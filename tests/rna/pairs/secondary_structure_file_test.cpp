#include "rna/pairs/secondary_structure_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

using enum SecondaryStructureFormat;

TEST(DotBracket, BracketsSayPartnersAcrossPseudoknotsAndMolecules) {
  const SecondaryStructureRecord record = parse_dot_bracket("(.[{<?&>.A)]}.a", "test");
  //                                                         012345 678901234
  EXPECT_EQ(record.partner, (std::vector<int>{9, -1, 10, 11, 6, -2, 4, -1, 13, 0, 2, 3, -1, 8}));
  EXPECT_EQ(record.molecule, (std::vector<int>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_TRUE(record.name.empty() && record.sequence.empty());
}

TEST(DotBracket, WritingGivesTheLongestStemsTheFirstBrackets) {
  const auto again = [](const std::string& text) {
    const SecondaryStructureRecord record = parse_dot_bracket(text, "test");
    return to_dot_bracket(record.partner, record.molecule);
  };
  EXPECT_EQ(again("((...))"), "((...))");
  EXPECT_EQ(again("[[..?]]"), "((..?))");
  EXPECT_EQ(again("(((..[[[[..)))..]]]]"), "[[[..((((..]]]..))))");
  EXPECT_EQ(again("<A{[...>a}]"), "([{<...)]}>");
}

TEST(DotBracket, ThirtyKindsOfBracketsAreAllThereAre) {
  // All pairs cross each other: i pairs with n + 3 + i.
  const auto partners = [](int n) {
    std::vector<int> partner(static_cast<std::size_t>(2 * n + 3), -1);
    for (int i = 0; i < n; ++i) {
      partner[i] = n + 3 + i;
      partner[n + 3 + i] = i;
    }
    return partner;
  };
  const std::string text = to_dot_bracket(partners(30));
  EXPECT_EQ(text, "([{<ABCDEFGHIJKLMNOPQRSTUVWXYZ...)]}>abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(parse_dot_bracket(text, "test").partner, partners(30));
  EXPECT_EQ(
      message_of([&] { to_dot_bracket(partners(31)); }),
      "secondary structure: the pair of nucleotides 31 and 65 is of pseudoknot order 30; dot-bracket has 30 kinds "
      "of brackets");
}

TEST(DotBracket, FaultsNameTheirCharacter) {
  const auto message = [](const std::string& text) {
    return message_of([&] { parse_dot_bracket(text, "--secondary-structure"); });
  };
  EXPECT_EQ(message("((...)))."), "--secondary-structure: character 8: \")\" closes nothing");
  EXPECT_EQ(message("((...)]."), "--secondary-structure: character 7: \"]\" closes nothing");
  EXPECT_EQ(message(".(.[[....)."), "--secondary-structure: character 4: \"[\" is never closed");
  EXPECT_EQ(message("..&.((...)"), "--secondary-structure: character 5: \"(\" is never closed");
  EXPECT_EQ(message("..&.(..)"),
            "--secondary-structure: character 5: nucleotides 4 and 7 pair, 3 apart; in one molecule at least 4 are "
            "needed");
  EXPECT_EQ(message("(&)"), "no error");
  EXPECT_EQ(message("((...))\x01"),
            "--secondary-structure: character 8: byte 0x01 is unknown; a secondary structure has . ( ) [ ] { } < > and "
            "Aa to Zz, & between molecules, * between copies, ? where unspecified");
  EXPECT_EQ(
      message("..+.."),
      "--secondary-structure: character 3: \"+\" is unknown; a secondary structure has . ( ) [ ] { } < > and Aa to "
      "Zz, & between molecules, * between copies, ? where unspecified");
  EXPECT_EQ(message(""), "--secondary-structure: an empty secondary structure");
  EXPECT_EQ(message("&.."), "--secondary-structure: character 1: no nucleotide before \"&\"");
  EXPECT_EQ(message("..&&.."), "--secondary-structure: character 4: no nucleotide before \"&\"");
  EXPECT_EQ(message("..&"), "--secondary-structure: character 3: no nucleotide after \"&\"");
  EXPECT_EQ(message("..*"), "--secondary-structure: character 3: no nucleotide after \"*\"");
  EXPECT_EQ(message("*.."), "--secondary-structure: character 1: no nucleotide before \"*\"");
  EXPECT_EQ(message("((.*..))*.."),
            "--secondary-structure: copy 2 has 4 nucleotides, the first has 3; \"*\" separates equal copies");
  EXPECT_EQ(message("..&.*.&..*..&."),
            "--secondary-structure: the molecules of copy 2 are divided at another nucleotide than those of the first");
}

TEST(DotBracket, AnAsteriskSeparatesCopies) {
  const std::string text = "((.&.[[*]].&.))";
  const SecondaryStructureRecord record = parse_dot_bracket(text, "test");
  EXPECT_EQ(record.copies, 2);
  EXPECT_EQ(record.molecule, (std::vector<int>{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}));
  EXPECT_EQ(to_dot_bracket(record.partner, record.molecule, record.copies), "((.&.((*)).&.))") << "nested";
  EXPECT_EQ(parse_dot_bracket("((..&))", "test").copies, 1);
  const auto read = parse_secondary_structures(">dimer\nGGAA*UUCC\n((((*))))\n", "test", kDotBracket);
  EXPECT_EQ(read.at(0).sequence, "GGAAUUCC");
  EXPECT_EQ(secondary_structure_text(read.at(0), kDotBracket), ">dimer\nGGAA*UUCC\n((((*))))\n");
}

// A hairpin and a second molecule that pairs with its loop.
SecondaryStructureRecord kissing() {
  SecondaryStructureRecord record = parse_dot_bracket("((.[[[.))&.]]]", "test");
  record.name = "kissing hairpin";
  record.sequence = "GCAGGGAGCACCC";
  return record;
}

void expect_same(const SecondaryStructureRecord& a, const SecondaryStructureRecord& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.partner, b.partner);
  EXPECT_EQ(a.molecule, b.molecule);
}

TEST(DotBracket, IsToldFromWordsAndFileNames) {
  for (const char* text : {"((..))", "....", "??", "..&..", "((AA..))aa", "((..*..))"})
    EXPECT_TRUE(is_dot_bracket(text)) << text;
  for (const char* text : {"GACU", "fold.dbn", "A.a", "((..))/x", "((1))", "(( ))"})
    EXPECT_FALSE(is_dot_bracket(text)) << text;
}

TEST(SecondaryStructureFile, EveryFormatGivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  for (const std::string file : {"a.dbn", "a.bpseq", "a.CT"}) {
    const std::string path = folder.path(file);
    write_file_atomically(path, secondary_structure_text(kissing(), secondary_structure_format(path)));
    const auto records = read_secondary_structures(path);
    ASSERT_EQ(records.size(), 1u) << file;
    expect_same(records[0], kissing());
  }
  SecondaryStructureRecord bare = parse_dot_bracket("((...))", "test");
  for (const auto format : {kDotBracket, kBpseq, kCt}) {
    const auto again = parse_secondary_structures(secondary_structure_text(bare, format), "bare", format);
    EXPECT_EQ(again.at(0).partner, bare.partner);
    EXPECT_EQ(again.at(0).sequence, format == kDotBracket ? "" : "NNNNNNN");
  }
}

TEST(SecondaryStructureFile, FormatsLookAsOtherProgramsExpectThem) {
  EXPECT_EQ(secondary_structure_text(kissing(), kDotBracket), ">kissing hairpin\nGCAGGGAGC&ACCC\n[[.(((.]]&.)))\n");
  SecondaryStructureRecord record = parse_dot_bracket("(.&.)", "test");
  record.sequence = "GAUC";
  record.name = "x";
  EXPECT_EQ(secondary_structure_text(record, kBpseq), "# x\n# molecules end at 2 4\n1 G 4\n2 A 0\n3 U 0\n4 C 1\n");
  EXPECT_EQ(secondary_structure_text(record, kCt),
            "    4  x\n"
            "    1 G     0     2     4     1\n"
            "    2 A     1     0     0     2\n"
            "    3 U     0     4     0     3\n"
            "    4 C     3     0     1     4\n");
}

TEST(SecondaryStructureFile, DotBracketFilesHoldManyStructuresWithNamesSequencesAndEnergies) {
  const auto records = parse_secondary_structures(
      "# from elsewhere\r\n"
      "> first one\r\n"
      "GGAAACC\r\n"
      "((...)) ( -1.20)\r\n"
      "\n"
      "((...))\n"
      "GC&GC\n"
      "((&))\n"
      ">last\n"
      "GCGC\n"
      "((&))",
      "many.dbn", kDotBracket);
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].name, "first one");
  EXPECT_EQ(records[0].sequence, "GGAAACC");
  EXPECT_EQ(records[1].name + records[1].sequence, "");
  EXPECT_EQ(records[2].sequence, "GCGC");
  EXPECT_EQ(records[3].name, "last");
  EXPECT_EQ(records[3].molecule, (std::vector<int>{0, 0, 1, 1}));
}

TEST(SecondaryStructureFile, BpseqAndCtOfOtherProgramsAreRead) {
  const auto bpseq = parse_secondary_structures(
      "Filename: d.16.b.E.coli.bpseq\nOrganism: Escherichia coli\nAccession Number: J01695\n"
      "1 a 5\n2 G 0\n3 c 0\n4 u 0\n5 U 1\n",
      "x.bpseq", kBpseq);
  EXPECT_EQ(bpseq.at(0).name, "d.16.b.E.coli.bpseq");
  EXPECT_EQ(bpseq.at(0).sequence, "aGcuU");
  EXPECT_EQ(bpseq.at(0).partner, (std::vector<int>{4, -1, -1, -1, 0}));
  const auto ct = parse_secondary_structures(
      "  5 ENERGY = -0.3   tRNA of yeast\n"
      "1 A 0 2 5 1\n2 G 1 3 0 2\n3 C 2 4 0 3\n4 U 3 5 0 4\n5 U 4 6 1 5\n"
      "2\tdG = 0\n1 A 0 2 0\n2 A 1 0 0\n",
      "x.ct", kCt);
  ASSERT_EQ(ct.size(), 2u);
  EXPECT_EQ(ct[0].name, "tRNA of yeast");
  EXPECT_EQ(ct[0].partner, (std::vector<int>{4, -1, -1, -1, 0}));
  EXPECT_EQ(ct[1].name, "");
  EXPECT_EQ(ct[1].sequence, "AA");
}

TEST(SecondaryStructureFile, AByteOrderMarkIsNoPartOfTheText) {
  const TemporaryFolder folder;
  const auto dot_bracket = read_secondary_structures(folder.write("a.dbn", "\xEF\xBB\xBF>x\r\n((....))\r\n"));
  EXPECT_EQ(dot_bracket.at(0).name, "x");
  EXPECT_EQ(dot_bracket.at(0).partner, (std::vector<int>{7, 6, -1, -1, -1, -1, 1, 0}));
  const auto bpseq = read_secondary_structures(folder.write("a.bpseq",
                                                            "\xEF\xBB\xBF"
                                                            "1 A 5\n2 G 0\n3 C 0\n4 U 0\n5 U 1\n"));
  EXPECT_EQ(bpseq.at(0).sequence, "AGCUU");
}

struct BadText {
  SecondaryStructureFormat format;
  std::string text, message;
};

TEST(SecondaryStructureFile, BadTextsAreNamedWithTheirLine) {
  const std::vector<BadText> texts = {
      {kDotBracket, "", "bad: there is no secondary structure in it"},
      {kDotBracket, ">a\n", "bad:1: no structure follows"},
      {kDotBracket, ">a\nGC\n>b\n", "bad:2: no structure follows"},
      {kDotBracket, ">a\nGCAAAGC\n((...)).\n", "bad:3: the structure has 8 nucleotides, the sequence before it 7"},
      {kDotBracket, "G&CGC\n((&))\n",
       "bad:2: the molecules of the structure and of the sequence before it part at nucleotide 2"},
      {kDotBracket, "GC\nGC\n", "bad:2: a second line of letters; a sequence and its structure have one line each"},
      {kDotBracket, "((...)) really\n",
       "bad:1: \"really\" after the structure; only an energy in parentheses may follow it"},
      {kDotBracket, "\n((...)\n", "bad:2: character 1: \"(\" is never closed"},
      {kBpseq, "# a\n", "bad: there is no secondary structure in it"},
      {kBpseq, "1 G 0\n2 C\n", "bad:2: \"2 C\"; a line has three columns: number, letter, partner's number or 0"},
      {kBpseq, "1 G 0\n3 C 0\n", "bad:2: nucleotide 3 where 2 was expected"},
      {kBpseq, "1 G 0\nx C 0\n", "bad:2: \"x\" is no number of a nucleotide"},
      {kBpseq, "1 G 0\n2 C y\n", "bad:2: \"y\" is no number of a partner"},
      {kBpseq, "1 G 99999999999\n", "bad:1: \"99999999999\" is no number of a partner"},
      {kBpseq, "1 G -1\n", "bad:1: a partner's number is 0 or more, not -1"},
      {kBpseq, "1 GC 0\n", "bad:1: \"GC\" is no letter of a nucleotide"},
      {kBpseq, "1 G 0\n2 C 9\n", "bad:2: nucleotide 2 pairs with 9; there are nucleotides 1 to 2"},
      {kBpseq, "# a\n1 G 0\n2 C 2\n", "bad:3: nucleotide 2 pairs with itself"},
      {kBpseq, "1 G 5\n2 C 6\n3 A 0\n4 A 0\n5 A 2\n6 A 2\n", "bad:1: nucleotide 1 pairs with 5, which pairs with 2"},
      {kBpseq, "1 G 5\n2 C 0\n3 A 0\n4 A 0\n5 A 0\n", "bad:1: nucleotide 1 pairs with 5, which is unpaired"},
      {kBpseq, "1 G 4\n2 C 0\n3 A 0\n4 A 1\n",
       "bad:1: nucleotides 1 and 4 pair, 3 apart; in one molecule at least 4 are needed"},
      {kBpseq, "# molecules end at 2 5\n1 G 0\n2 C 0\n3 A 0\n",
       "bad:1: a molecule cannot end at nucleotide 5; ends rise, and there are 3 nucleotides"},
      {kCt, "", "bad: there is no secondary structure in it"},
      {kCt, "tRNA\n", "bad:1: \"tRNA\" is no number of nucleotides; a structure begins with that"},
      {kCt, "0 a\n", "bad:1: a structure of 0 nucleotides"},
      {kCt, "2 a\n1 G 0 2\n",
       "bad:2: \"1 G 0 2\"; a line has at least five columns: number, letter, number before, number after, partner's "
       "number or 0"},
      {kCt, "3 a\n1 G 0 2 0 1\n2 G 1 3 0 2\n", "bad:3: the text ends after 2 of the 3 nucleotides of \"a\""},
      {kCt, "2 a\n1 G 0 2 0 1\n1 G 1 3 0 2\n", "bad:3: nucleotide 1 where 2 was expected"},
      {kCt, "2 a\n1 G 0 2 0 1\n2 G 1 3 2 2\n", "bad:3: nucleotide 2 pairs with itself"},
      {kCt, "1 a\n1 G 0 x 0 1\n", "bad:2: \"x\" is no number of the nucleotide after"},
  };
  for (const BadText& bad : texts) {
    EXPECT_EQ(message_of([&] { parse_secondary_structures(bad.text, "bad", bad.format); }), bad.message) << bad.text;
  }
  EXPECT_EQ(message_of([] { read_secondary_structures("a.pdb"); }),
            "a.pdb: a secondary structure ends with .dbn, .db, .dot or .dotbracket, .bpseq, or .ct");
}

TEST(SecondaryStructureFile, WhatAFormatCannotSayIsRefused) {
  SecondaryStructureRecord record = parse_dot_bracket("..?.", "test");
  EXPECT_EQ(message_of([&] { secondary_structure_text(record, kCt); }),
            "secondary structure: nucleotide 3 is unspecified (?), which only dot-bracket can express");
  record.sequence = "GC";
  EXPECT_EQ(message_of([&] { secondary_structure_text(record, kDotBracket); }),
            "secondary structure: 2 letters for 4 nucleotides");
  record.sequence.clear();
  record.name = "a\nb";
  EXPECT_EQ(message_of([&] { secondary_structure_text(record, kDotBracket); }),
            "secondary structure: a name of more than one line: \"a\nb\"");
}

}  // namespace
}  // namespace flashrna
