#include "libfold/design/sequence_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Sequences, ALineIsARecordWithoutATitle) {
  const std::vector<SequenceRecord> records = read_sequences("gAT?&NC");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records[0].bases, ElementsAre(Base::G, Base::A, Base::U, Base::N, Base::N, Base::C));
  EXPECT_THAT(records[0].molecule, ElementsAre(0, 0, 0, 0, 1, 1));
  EXPECT_TRUE(is_sequence_line("ACGUN?"));
  EXPECT_FALSE(is_sequence_line("names.fasta"));
  EXPECT_FALSE(is_sequence_line(""));
}

TEST(Sequences, AFastaFileHasARecordPerTitle) {
  const TemporaryFolder folder;
  const std::string path = folder.write("names.fasta", "\xEF\xBB\xBF>one of two\nGA\r\nCU\n\n>two\nAA&CC\n");
  const std::vector<SequenceRecord> records = read_sequences(path);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].title, "one of two");
  EXPECT_EQ(records[0].bases.size(), 4u);
  EXPECT_TRUE(records[0].molecule.empty());
  EXPECT_THAT(records[1].molecule, ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(find_sequence(records, "two", 4, path), &records[1]) << "by its title";
  EXPECT_EQ(find_sequence(records, "", 5, path), nullptr);
  EXPECT_THAT(
      message_of([&] { find_sequence(records, "", 4, path); }),
      HasSubstr("names.fasta:5: record \"two\" is 4 residues long, as the one in line 1; one record names all"));
}

TEST(Sequences, WhatIsNoneIsNamedWithLineAndCharacter) {
  const TemporaryFolder folder;
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {">six\nGAC\nU-U\n", "names.fasta:3: character 2: \"-\" is no nucleotide"},
           {"GACUUU\n", "names.fasta:1: a sequence without a title"},
           {">six\n>nine\nGGG", "names.fasta:1: record \"six\" has no letters"},
           {">six\n&GGG", "names.fasta:2: character 1: no nucleotide before \"&\""},
           {">six\nGG&&GG", "names.fasta:2: character 4: no nucleotide before \"&\""},
           {">six\nGG&\n", "names.fasta:1: no nucleotide after the last \"&\""},
           {"", "names.fasta: holds no record"}}) {
    const std::string path = folder.write("names.fasta", text);
    EXPECT_THAT(message_of([&] { read_sequences(path); }), HasSubstr(part));
  }
  EXPECT_THAT(message_of([] { read_sequences("no/such.fasta"); }), HasSubstr("no/such.fasta: cannot be read"));
}

}  // namespace
}  // namespace flashrna
