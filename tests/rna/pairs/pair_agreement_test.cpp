#include "rna/pairs/pair_agreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "rna/pairs/dot_bracket.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

std::vector<int> partners(const std::string& text) { return parse_dot_bracket(text, "test").partner; }

TEST(PairAgreement, PairsAndLoopsAreCountedPositionByPosition) {
  const std::vector<int> asked = partners("((((...))))..");
  const std::vector<int> found = partners("(((.....))).."), shifted = partners("((((...)).)).");
  Agreement pairs = compare_pairs(asked, found);
  EXPECT_EQ(pairs.asked, 4);
  EXPECT_EQ(pairs.found, 3);
  EXPECT_EQ(pairs.both, 3);
  EXPECT_DOUBLE_EQ(pairs.precision(), 1.0);
  EXPECT_DOUBLE_EQ(pairs.recall(), 0.75);
  EXPECT_DOUBLE_EQ(pairs.f1(), 6.0 / 7.0);
  const Agreement loops = compare_loop_positions(asked, found);
  EXPECT_EQ(loops.asked, 5);
  EXPECT_EQ(loops.found, 7);
  EXPECT_EQ(loops.both, 5);
  pairs.add(compare_pairs(asked, shifted));  // 2 and 3 keep their partners, 0 and 1 do not
  EXPECT_EQ(pairs.asked, 8);
  EXPECT_EQ(pairs.found, 7);
  EXPECT_EQ(pairs.both, 5);
}

TEST(PairAgreement, UnspecifiedPositionsAreNeitherRightNorWrong) {
  const std::vector<int> found = partners("((((...))))(...)");
  //                                       0123456789012345
  const std::vector<int> asked = partners(std::string(2, '?') + "(?...?)??.????");
  const Agreement pairs = compare_pairs(asked, found);
  EXPECT_EQ(pairs.asked, 1);
  EXPECT_EQ(pairs.found, 2);  // 2-8, and 11-15, because 11 was requested unpaired
  EXPECT_EQ(pairs.both, 1);
  const Agreement loops = compare_loop_positions(asked, found);
  EXPECT_EQ(loops.asked, 4);
  EXPECT_EQ(loops.found, 3);
  EXPECT_EQ(loops.both, 3);
}

TEST(PairAgreement, NothingAskedOrFoundIsNotANumber) {
  const Agreement none = compare_pairs(partners("....."), partners("....."));
  EXPECT_TRUE(std::isnan(none.precision()) && std::isnan(none.recall()) && std::isnan(none.f1()));
  EXPECT_EQ(compare_pairs(partners("....."), partners("(...)")).f1(), 0.0);
  EXPECT_EQ(message_of([] { compare_pairs(partners(".."), partners("...")); }),
            "pairs of 3 nucleotides compared with 2 asked for");
}

}  // namespace
}  // namespace flashrna
