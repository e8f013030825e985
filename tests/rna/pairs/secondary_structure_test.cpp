#include "rna/pairs/secondary_structure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "rna/pairs/dot_bracket.h"
#include "tests/support/error_message.h"

namespace flashrna {

static bool operator==(const LoopStrand& a, const LoopStrand& b) { return a.first == b.first && a.length == b.length; }
static bool operator==(const Loop& a, const Loop& b) {
  return a.kind == b.kind && a.i == b.i && a.j == b.j && a.n_branches == b.n_branches && a.strands == b.strands;
}
static void PrintTo(const Loop& loop, std::ostream* out) {
  *out << loop_name(loop.kind) << " " << loop.i << " " << loop.j << ", " << loop.n_branches << " branches:";
  for (const LoopStrand& strand : loop.strands) *out << " " << strand.first << "+" << strand.length;
}
static bool operator==(const Stem& a, const Stem& b) {
  return a.i == b.i && a.j == b.j && a.n_pairs == b.n_pairs && a.order == b.order;
}
static void PrintTo(const Stem& stem, std::ostream* out) {
  *out << stem.i << " " << stem.j << " x " << stem.n_pairs << ", order " << stem.order;
}

namespace {

using Stems = std::vector<Stem>;
using Loops = std::vector<Loop>;
using enum LoopKind;

SecondaryStructure described(const std::string& dot_bracket) {
  const SecondaryStructureRecord record = parse_dot_bracket(dot_bracket, "test");
  return describe_secondary_structure(record.partner, record.molecule);
}

TEST(SecondaryStructure, MultiloopJoinsTwoHairpins) {
  //                                                0123456789012345678901234
  const SecondaryStructure structure = described("(((..((...))..((...)).)))");
  EXPECT_EQ(structure.stems, (Stems{{0, 24, 3, 0}, {5, 11, 2, 0}, {14, 20, 2, 0}}));
  EXPECT_EQ(structure.loops, (Loops{{kExterior, -1, -1, 1, {{0, 0}, {25, 0}}},
                                    {kMultiloop, 2, 22, 2, {{3, 2}, {12, 2}, {21, 1}}},
                                    {kHairpin, 6, 10, 0, {{7, 3}}},
                                    {kHairpin, 15, 19, 0, {{16, 3}}}}));
  EXPECT_EQ(structure.loops[1].n_unpaired(), 5);
  EXPECT_DOUBLE_EQ(structure.paired_share(), 14.0 / 25.0);
  EXPECT_DOUBLE_EQ(structure.helix_share(), 14.0 / 25.0);
  EXPECT_EQ(structure.pseudoknotted_share(), 0.0);
}

TEST(SecondaryStructure, BulgeAndInteriorLoopsPartStems) {
  //                                                0123456789012345678901234
  const SecondaryStructure structure = described(".((.((..(((...)))...)))).");
  EXPECT_EQ(structure.stems, (Stems{{1, 23, 2, 0}, {4, 21, 2, 0}, {8, 16, 3, 0}}));
  EXPECT_EQ(structure.loops, (Loops{{kExterior, -1, -1, 1, {{0, 1}, {24, 1}}},
                                    {kBulge, 2, 22, 1, {{3, 1}, {22, 0}}},
                                    {kInterior, 5, 20, 1, {{6, 2}, {17, 3}}},
                                    {kHairpin, 10, 14, 0, {{11, 3}}}}));
  const auto kinds = loop_of_positions(structure);
  std::string letters;
  for (const auto& kind : kinds) letters += kind ? loop_name(*kind)[0] : '|';
  EXPECT_EQ(letters, "e||b||ii|||hhh|||iii||||e");
}

TEST(SecondaryStructure, LongestStemsAreNestedAndWhatCrossesThemIsAPseudoknot) {
  //                                                01234567890123456789
  const SecondaryStructure structure = described("(((..[[[[..)))..]]]]");
  EXPECT_EQ(structure.stems, (Stems{{0, 13, 3, 1}, {5, 19, 4, 0}}));
  EXPECT_EQ(structure.order, (std::vector<int>{1, 1, 1, -1, -1, 0, 0, 0, 0, -1, -1, 1, 1, 1, -1, -1, 0, 0, 0, 0}));
  EXPECT_EQ(structure.loops, (Loops{{kExterior, -1, -1, 1, {{0, 5}, {20, 0}}}, {kHairpin, 8, 16, 0, {{9, 7}}}}));
  EXPECT_DOUBLE_EQ(structure.pseudoknotted_share(), 6.0 / 14.0);
  EXPECT_DOUBLE_EQ(structure.paired_share(), 14.0 / 20.0);
}

TEST(SecondaryStructure, OfStemsEquallyLongTheFirstIsNested) {
  EXPECT_EQ(described("[[..((..]]..))").stems, (Stems{{0, 9, 2, 0}, {4, 13, 2, 1}}));
  // The third stem crosses only the second and returns to the nested structure.
  EXPECT_EQ(described("((..[[..))..((..]]..))").stems, (Stems{{0, 9, 2, 0}, {4, 17, 2, 1}, {12, 21, 2, 0}}));
}

TEST(SecondaryStructure, EndOfAMoleculeOpensItsLoopAndPartsAStem) {
  const SecondaryStructure duplex = described("((((&))))");
  EXPECT_EQ(duplex.stems, (Stems{{0, 7, 4, 0}}));
  EXPECT_EQ(duplex.loops, (Loops{{kExterior, -1, -1, 1, {{0, 0}, {8, 0}}}, {kExterior, 3, 4, 0, {{4, 0}, {4, 0}}}}));
  //                                            01 2345678901
  const SecondaryStructure nicked = described("((&((...)))).");
  EXPECT_EQ(nicked.stems, (Stems{{0, 10, 2, 0}, {2, 8, 2, 0}}));
  EXPECT_EQ(nicked.loops, (Loops{{kExterior, -1, -1, 1, {{0, 0}, {11, 1}}},
                                 {kExterior, 1, 9, 1, {{2, 0}, {2, 0}, {9, 0}}},
                                 {kHairpin, 3, 7, 0, {{4, 3}}}}));
  //                                            012345 67890
  const SecondaryStructure apart = described(".(...)&.(...)");
  EXPECT_EQ(apart.loops[0], (Loop{kExterior, -1, -1, 2, {{0, 1}, {6, 0}, {6, 1}, {12, 0}}}));
}

TEST(SecondaryStructure, PairsThatStandAloneAreNoHelix) {
  const SecondaryStructureRecord record = parse_dot_bracket("(.((...)).)??", "test");
  const SecondaryStructure structure = describe_secondary_structure(record.partner);
  EXPECT_DOUBLE_EQ(structure.paired_share(), 6.0 / 13.0);
  EXPECT_DOUBLE_EQ(structure.helix_share(), 4.0 / 13.0);
  EXPECT_EQ(to_dot_bracket(only_helices(record.partner)), "..((...))..??");
  // Stacked by number, but a molecule ends in between.
  EXPECT_EQ(
      to_dot_bracket(only_helices(std::vector<int>{6, 5, -1, -1, -1, 1, 0}, std::vector<int>{0, 1, 1, 1, 1, 1, 1}),
                     std::vector<int>{0, 1, 1, 1, 1, 1, 1}),
      ".&......");
}

TEST(SecondaryStructure, NothingPairedIsOneExteriorLoop) {
  const SecondaryStructure unpaired = described("..?..");
  EXPECT_TRUE(unpaired.stems.empty());
  EXPECT_EQ(unpaired.loops, (Loops{{kExterior, -1, -1, 0, {{0, 5}}}}));
  EXPECT_EQ(unpaired.paired_share(), 0.0);
  EXPECT_TRUE(std::isnan(unpaired.pseudoknotted_share()));
  const SecondaryStructure empty = describe_secondary_structure({});
  EXPECT_EQ(empty.loops, (Loops{{kExterior, -1, -1, 0, {{0, 0}}}}));
  EXPECT_TRUE(std::isnan(empty.helix_share()));
}

TEST(SecondaryStructure, FaultsOfPartnersAreNamedFromTheFivePrimeEnd) {
  const auto message = [](const std::vector<int>& partner, const std::vector<int>& molecule = {}) {
    return message_of([&] { describe_secondary_structure(partner, molecule); });
  };
  EXPECT_EQ(message({-1, 5, -1, -1, -1}),
            "secondary structure: nucleotide 2 pairs with 6; there are nucleotides 1 to 5");
  EXPECT_EQ(message({-1, -7, -1}), "secondary structure: nucleotide 2 pairs with -6; there are nucleotides 1 to 3");
  EXPECT_EQ(message({std::numeric_limits<int>::max()}),
            "secondary structure: nucleotide 1 pairs with 2147483648; there are nucleotides 1 to 1");
  EXPECT_EQ(message({-1, 1}), "secondary structure: nucleotide 2 pairs with itself");
  EXPECT_EQ(message({4, -1, -1, -1, -1}), "secondary structure: nucleotide 1 pairs with 5, which is unpaired");
  EXPECT_EQ(message({5, 5, -1, -1, -1, 1}), "secondary structure: nucleotide 1 pairs with 6, which pairs with 2");
  EXPECT_EQ(message({-1, 4, -1, -1, 1}),
            "secondary structure: nucleotides 2 and 5 pair, 3 apart; in one molecule at least 4 are needed");
  EXPECT_EQ(message({-1, 4, -1, -1, 1}, {0, 0, 0, 1, 1}), "no error");
  EXPECT_EQ(message({-1, -2}, {0}), "secondary structure: 1 molecule numbers for 2 nucleotides");
}

}  // namespace
}  // namespace flashrna
