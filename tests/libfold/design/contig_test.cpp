// Contigs: their grammar, and the numbers of new residues drawn for them.
#include "libfold/design/contig.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "base/error.h"
#include "libfold/design/contig_draw.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

TEST(Contig, NamesNewResiduesAndResiduesOfTheMotif) {
  const std::vector<ContigItem> items = parse_contig("10-20,A23-41, 5/0 B-2:20A-21,A-3--1,Q7,4");
  ASSERT_EQ(items.size(), 7u);
  EXPECT_EQ(std::tie(items[0].least, items[0].most), std::make_tuple(10, 20));
  EXPECT_EQ(std::tie(items[1].chain, items[1].first.number, items[1].last.number), std::make_tuple("A", 23, 41));
  EXPECT_EQ(std::tie(items[2].least, items[2].most, items[2].molecule), std::make_tuple(5, 5, 0));
  EXPECT_EQ(std::tie(items[3].chain, items[3].molecule), std::make_tuple("B-2", 1));
  EXPECT_EQ(items[3].first, (AuthorNumber{20, 'A'}));
  EXPECT_EQ(items[3].last, (AuthorNumber{21, ' '}));
  EXPECT_EQ(std::tie(items[4].first.number, items[4].last.number), std::make_tuple(-3, -1));
  EXPECT_EQ(items[5].first, items[5].last);
  EXPECT_EQ(items[6].character, 40);
  EXPECT_EQ(items[6].text, "4");
}

TEST(Contig, AMoleculeBeginsAfterSlashZeroHoweverItIsSeparated) {
  for (const char* text : {"4/0 5", "4,/0,5", "4/0,5", "4 /0 5"}) {
    const std::vector<ContigItem> items = parse_contig(text);
    ASSERT_EQ(items.size(), 2u) << text;
    EXPECT_EQ(items[0].molecule, 0) << text;
    EXPECT_EQ(items[1].molecule, 1) << text;
  }
}

TEST(Contig, WhatIsNoItemIsNamedWithItsCharacter) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"10,2x0", "character 4: \"2x0\" is no item"},
           {"20-10", "character 1: \"20-10\" runs backward"},
           {"5,A41-23", "character 3: \"A41-23\" runs backward"},
           {"5,A", "character 3: \"A\" names a chain without residue numbers"},
           {"5,A3-", "character 3: \"A3-\" is no item"},
           {"5,,6", "character 3: no item before the comma"},
           {",6", "character 1: no item before the comma"},
           {"5,6,", "character 4: no item after the comma"},
           {"5/1", "character 2: \"/\" is no item"},
           {"/0,5", "character 1: molecule 1 may have no residue"},
           {"0-5/0 3", "character 4: molecule 1 may have no residue"},
           {"5/0", "character 3: molecule 2 may have no residue"},
           {"5,0", "character 3: \"0\" is no residue"},
           {"999999999999", "is no item"},
           {"1-999999", "is too long"},
           {"", "may have no residue"}}) {
    const std::string message = message_of([&, value = text] { parse_contig(value); });
    EXPECT_NE(message.find(part), std::string::npos) << text << ": " << message;
    EXPECT_THROW(parse_contig(text), UsageError);
  }
}

TEST(LengthBounds, AreANumberOrARange) {
  EXPECT_EQ(parse_length_bounds("70").least, 70);
  EXPECT_EQ(parse_length_bounds("70").most, 70);
  EXPECT_EQ(parse_length_bounds("62-80").most, 80);
  EXPECT_EQ(parse_length_bounds("").least, 1);
  for (const char* text : {"0", "x", "80-62", "62-", "5-6-7"}) EXPECT_THROW(parse_length_bounds(text), UsageError);
}

std::function<std::uint64_t(std::uint64_t)> random_below(std::mt19937_64& engine) {
  return [&engine](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(engine); };
}

TEST(DrawLengths, EveryCombinationWithinTheBoundsIsEquallyFrequent) {
  const std::vector<LengthRange> ranges{{0, 4}, {7, 7}, {2, 5}, {1, 3}};
  for (const LengthBounds bounds : {LengthBounds{}, {12, 14}, {18, 19}, {10, 10}}) {
    std::map<std::vector<int>, int> expected;
    for (int a = 0; a <= 4; ++a)
      for (int b = 2; b <= 5; ++b)
        for (int c = 1; c <= 3; ++c)
          if (const int sum = a + 7 + b + c; sum >= bounds.least && sum <= bounds.most) expected[{a, 7, b, c}] = 0;
    std::mt19937_64 engine(3);
    constexpr int kDraws = 20'000;
    for (int i = 0; i < kDraws; ++i) {
      const std::vector<int> drawn = draw_lengths(ranges, bounds, random_below(engine));
      ASSERT_TRUE(expected.contains(drawn));
      ++expected[drawn];
    }
    const double mean = kDraws / static_cast<double>(expected.size());
    double chi_squared = 0;
    for (const auto& [lengths, count] : expected) chi_squared += (count - mean) * (count - mean) / mean;
    const double freedom = static_cast<double>(expected.size()) - 1.0;
    EXPECT_LE(chi_squared, freedom + 5.0 * std::sqrt(2.0 * freedom)) << bounds.least << "-" << bounds.most;
  }
}

TEST(DrawLengths, BoundsFarInTheTailAreKept) {
  const std::vector<LengthRange> ranges(20, LengthRange{10, 20});
  std::mt19937_64 engine(5);
  for (const int total : {200, 201, 399, 400}) {
    const std::vector<int> drawn = draw_lengths(ranges, {total, total}, random_below(engine));
    EXPECT_EQ(std::accumulate(drawn.begin(), drawn.end(), 0), total);
    for (int length : drawn) EXPECT_TRUE(length >= 10 && length <= 20);
  }
}

TEST(DrawLengths, BoundsThatNoCombinationMeetsAreNamed) {
  const auto draw = [](const LengthBounds& bounds) {
    draw_lengths(std::vector<LengthRange>{{10, 20}, {5, 5}}, bounds, [](std::uint64_t) { return 0; });
  };
  EXPECT_EQ(message_of([&] {
              draw({30, 40});
            }),
            "--contig adds up to 15-25 residues, but --length is 30-40; change one of the two");
  EXPECT_THROW(draw({1, 14}), UsageError);
}

}  // namespace
}  // namespace flashrna
