#include "datasets/sequence_clusters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/subprocess.h"
#include "datasets/kmer_clusters.h"
#include "protein/amino_acid.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string random_sequence(int length, unsigned seed, std::string_view letters = "ACGU") {
  std::mt19937 engine(seed);
  std::string sequence;
  for (int i = 0; i < length; ++i) sequence += letters[engine() % letters.size()];
  return sequence;
}

// Replaces every `period`-th letter.
std::string mutated(std::string sequence, int period) {
  for (std::size_t i = 3; i < sequence.size(); i += static_cast<std::size_t>(period)) {
    sequence[i] = sequence[i] == 'A' ? 'G' : 'A';
  }
  return sequence;
}

class ClusterSequences : public ::testing::TestWithParam<const char*> {};

TEST_P(ClusterSequences, SimilarOnesShareAClusterAndOthersDoNot) {
  if (GetParam() != std::string(kSharedWords) && !is_program(GetParam()))
    GTEST_SKIP() << GetParam() << " is not installed";
  const std::string a = random_sequence(120, 1), b = random_sequence(120, 2), c = random_sequence(90, 3);
  const std::vector<std::string> sequences = {a, b, mutated(a, 20), c, "GC", mutated(b, 24), "GC", "AUUU", a};
  const std::vector<int> clusters = cluster_sequences(sequences, {GetParam(), 0.8, 0.8, 1});
  EXPECT_EQ(clusters, (std::vector<int>{0, 1, 0, 2, 3, 1, 3, 4, 0}));
}

INSTANTIATE_TEST_SUITE_P(Programs, ClusterSequences, ::testing::Values("mmseqs", "cd-hit-est", kSharedWords),
                         [](const auto& program) {
                           return program.param == std::string(kSharedWords) ? "words"
                                                                             : std::string(program.param).substr(0, 2);
                         });

// Of amino acids. G and A differ by a mutation in both alphabets.
class ClusterProteins : public ::testing::TestWithParam<const char*> {};

TEST_P(ClusterProteins, SimilarOnesShareAClusterAndOthersDoNot) {
  if (GetParam() != std::string(kSharedProteinWords) && !is_program(GetParam()))
    GTEST_SKIP() << GetParam() << " is not installed";
  const std::string_view letters = kAminoAcidLetters.substr(0, 20);
  const std::string a = random_sequence(120, 1, letters), b = random_sequence(120, 2, letters);
  const std::vector<std::string> sequences = {
      a, b, mutated(a, 10), random_sequence(90, 3, letters), "GC", mutated(b, 12), "GC", "MX", a};
  const std::vector<int> clusters = cluster_sequences(sequences, {GetParam(), 0.8, 0.8, 1, Polymer::kProtein});
  EXPECT_EQ(clusters, (std::vector<int>{0, 1, 0, 2, 3, 1, 3, 4, 0}));
}

INSTANTIATE_TEST_SUITE_P(Programs, ClusterProteins, ::testing::Values("mmseqs", "cd-hit", kSharedProteinWords),
                         [](const auto& program) {
                           return program.param == std::string(kSharedProteinWords)
                                      ? "words"
                                      : std::string(program.param).substr(0, 2);
                         });

TEST(ClusterProteinPrograms, AreThoseOfThePolymer) {
  const auto refusal = [](const char* program, Polymer polymer) {
    return message_of([&] { check_clustering({program, 0.8, 0.8, 1, polymer}); });
  };
  EXPECT_THAT(refusal("cd-hit-est", Polymer::kProtein), HasSubstr("is not mmseqs, cd-hit or 5-mers"));
  EXPECT_THAT(refusal("cd-hit", Polymer::kRna), HasSubstr("is not mmseqs, cd-hit-est or 9-mers"));
  EXPECT_THAT(refusal("5-mers", Polymer::kRna), HasSubstr("a dataset of RNA needs it"));
}

TEST(ClusterByWords, OfProteinsHaveFiveLetters) {
  const std::string a = random_sequence(100, 1, kAminoAcidLetters.substr(0, 20));
  const std::string b = random_sequence(100, 2, kAminoAcidLetters.substr(0, 20));
  // Of the 56 words of 60 letters 21 and 11 are in `a`: containments of 0.38 and 0.20.
  EXPECT_EQ(cluster_by_words({a, a.substr(0, 25) + b.substr(0, 35)}, Polymer::kProtein), (std::vector<int>{0, 0}));
  EXPECT_EQ(cluster_by_words({a, a.substr(0, 15) + b.substr(0, 45)}, Polymer::kProtein), (std::vector<int>{0, 1}));
  EXPECT_EQ(cluster_by_words({"ACDEF", "ACDEFX", "ACDE", "XXXXXXX"}, Polymer::kProtein),
            (std::vector<int>{0, 0, 1, 2}));
}

TEST(ClusterByWords, NeedsSharedWordsAndSimilarLengths) {
  const std::string a = random_sequence(200, 1), b = random_sequence(200, 2);
  EXPECT_EQ(cluster_by_words({a, a.substr(0, 110), a.substr(0, 90)}), (std::vector<int>{0, 0, 1})) << "length ratio";
  // Of the 102 words of 110 letters, 51 and 41 are in `a`: containments of 0.50 and 0.40.
  EXPECT_EQ(cluster_by_words({a, a.substr(0, 59) + b.substr(0, 51)}), (std::vector<int>{0, 0}));
  EXPECT_EQ(cluster_by_words({a, a.substr(0, 49) + b.substr(0, 61)}), (std::vector<int>{0, 1}));
  EXPECT_EQ(cluster_by_words({"ACGU", "ACGUA", "ACGU"}), (std::vector<int>{0, 1, 0})) << "shorter than a word";
  EXPECT_EQ(cluster_by_words({std::string(30, 'N'), std::string(29, 'N')}), (std::vector<int>{0, 1}));
  // The third resembles the first members of two clusters, which it joins.
  const std::string both = a.substr(0, 80) + b.substr(0, 80);
  EXPECT_EQ(cluster_by_words({a, b, both}), (std::vector<int>{0, 0, 0}));
  EXPECT_TRUE(cluster_by_words({}).empty());
}

TEST(ClusteringMark, DependsOnTheChains) {
  const std::string mark = clustering_mark("mmseqs:0.8:0.8", {"a", "b"}, {0, 1});
  EXPECT_THAT(mark, ::testing::StartsWith("mmseqs:0.8:0.8:"));
  EXPECT_EQ(mark, clustering_mark("mmseqs:0.8:0.8", {"a", "b"}, {0, 1}));
  EXPECT_NE(mark, clustering_mark("mmseqs:0.8:0.8", {"a", "c"}, {0, 1}));
  EXPECT_NE(mark, clustering_mark("mmseqs:0.8:0.8", {"a", "b"}, {0, 0}));
}

TEST(SequenceClusters, BadSettingsAreNamed) {
  EXPECT_THAT(message_of([] { check_clustering({"blast"}); }),
              HasSubstr("\"blast\" is not mmseqs, cd-hit-est or 9-mers"));
  EXPECT_THAT(message_of([] { check_clustering({"mmseqs", 1.5}); }), HasSubstr("--identity \"1.5\""));
  EXPECT_THAT(message_of([] { check_clustering({"cd-hit-est", 0.5}); }), HasSubstr("0.75"));
  EXPECT_THAT(message_of([] { check_clustering({"mmseqs", 0.8, -1}); }), HasSubstr("--coverage"));
}

TEST(SequenceClusters, AMissingProgramIsNamedWithItsPackage) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  EXPECT_THAT(message_of([] { check_clustering({"mmseqs"}); }),
              AllOf(HasSubstr("mmseqs2"), HasSubstr("--clusters FILE")));
  EXPECT_THAT(message_of([] { check_clustering({"cd-hit-est"}); }), HasSubstr("apt-get install cd-hit."));
  setenv("PATH", path.c_str(), 1);
}

TEST(RunProgram, AFailureCarriesTheEndOfWhatTheProgramSaid) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] {
                run_program({"sh", "-c", "echo the reason >&2; exit 3"}, folder.path("log"));
              }),
              AllOf(HasSubstr("status 3"), HasSubstr("the reason")));
  EXPECT_THAT(message_of([&] { run_program({"no-such-program"}, folder.path("log")); }),
              HasSubstr("cannot be started"));
  EXPECT_THAT(message_of([&] { run_program({"sh", "-c", "kill -9 $$"}, folder.path("log")); }), HasSubstr("signal 9"));
}

}  // namespace
}  // namespace flashrna
