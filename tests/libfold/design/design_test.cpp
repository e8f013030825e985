// Designs from lengths, secondary structures, contigs and chains.
#include "libfold/design/design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libfold/design/sequence_file.h"
#include "rna/assembly.h"
#include "tests/datasets/example_structures.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Design with_pairs(const std::string& dot_bracket) { return design_of_structure(parse_dot_bracket(dot_bracket, "")); }

void add_letters(Design& design, const std::string& letters) {
  const SequenceRecord record = read_sequences(letters).front();
  set_letters(design, record.bases, record.molecule, "--sequence");
}

TEST(Design, MoleculesHaveTheirOwnNumbersAndAJoinOfTheIndex) {
  const Design design = design_of_lengths(std::vector<int>{3, 2});
  EXPECT_THAT(design.molecule, ElementsAre(0, 0, 0, 1, 1));
  EXPECT_THAT(design.residue_index, ElementsAre(0, 1, 2, 2 + kChainJoin, 3 + kChainJoin));
  EXPECT_THAT(design.numbers(), ElementsAre(1, 2, 3, 1, 2));
  EXPECT_THAT(design.molecule_lengths(), ElementsAre(3, 2));
}

TEST(Design, APairMayJoinTwoMolecules) {
  const Design design = with_pairs("((..&..))");
  EXPECT_THAT(design.molecule_lengths(), ElementsAre(4, 4));
  EXPECT_THAT(design.partner, ElementsAre(7, 6, -1, -1, -1, -1, 1, 0));
}

class ContigDesign : public testing::Test {
 protected:
  Design make(const std::string& contig, std::vector<int> new_residues, bool free_groups) const {
    const std::vector<ContigItem> items = parse_contig(contig);
    auto motif = std::make_shared<const Motif>(find_motif(items, structure, "motif.cif"));
    return design_of_contig(items, new_residues, motif, free_groups);
  }
  Structure structure{.entry = "motif", .chains = {synthetic_chain("A", "GACUGGAC")}};
};

TEST_F(ContigDesign, KeepsWhereEachResidueComesFrom) {
  const Design design = make("0-4,A3-4,2,A6/0 1-2", {0, 0, 2, 0, 2}, false);
  EXPECT_THAT(design.molecule, ElementsAre(0, 0, 0, 0, 0, 1, 1));
  EXPECT_THAT(design.motif_residue, ElementsAre(0, 1, -1, -1, 2, -1, -1));
  EXPECT_THAT(design.letter, ElementsAre(Base::C, Base::U, Base::N, Base::N, Base::G, Base::N, Base::N));
  EXPECT_TRUE(design.motif_group.empty());
  EXPECT_EQ(design.contig, "A3-4 2 A6 /0 2");
  // What was drawn is a contig itself.
  EXPECT_EQ(make(design.contig, {0, 2, 0, 2}, false).motif_residue, design.motif_residue);
}

TEST_F(ContigDesign, AsksForThePairsOfTheMotif) {
  const std::vector<ContigItem> items = parse_contig("2,A2-4,1-5,A6-7/0 1");
  Motif motif = find_motif(items, structure, "motif.cif");
  motif.partner = {kUnpaired, 4, 3, 2, 1};  // A3-A7, A4-A6
  const auto partners = [&](int between) {
    Design design =
        design_of_contig(items, std::vector<int>{2, 0, between, 0, 1}, std::make_shared<const Motif>(motif), false);
    set_motif_partners(design);
    return to_dot_bracket(design.partner, design.molecule);
  };
  EXPECT_EQ(partners(3), "\?\?.((\?\?\?))&\?");
  EXPECT_EQ(partners(2), "\?\?.(\?\?\?\?)&\?") << "the inner pair would be closer than any hairpin is";
  Design without = design_of_lengths(std::vector<int>{4});
  set_motif_partners(without);
  EXPECT_TRUE(without.partner.empty());
}

TEST_F(ContigDesign, EachItemIsAFreeGroup) {
  EXPECT_THAT(make("A3-4,2,A6,1", {0, 2, 0, 1}, true).motif_group, ElementsAre(0, 0, -1, -1, 1, -1));
  EXPECT_TRUE(make("A3-4,2", {0, 2}, true).motif_group.empty()) << "one item is one group";
}

TEST_F(ContigDesign, ALetterThatContradictsTheMotifIsNamed) {
  Design design = make("2,A3-4", {2, 0}, false);
  EXPECT_EQ(message_of([&] { add_letters(design, "GGCA"); }),
            "--sequence: residue 4 is A, but A4 of the motif is U; give N there");
  add_letters(design, "GANU");
  EXPECT_THAT(design.letter, ElementsAre(Base::G, Base::A, Base::C, Base::U));
}

TEST(Design, LengthsAndMoleculesThatDoNotFitAreNamed) {
  Design design = design_of_lengths(std::vector<int>{3, 5});
  EXPECT_EQ(message_of([&] { add_letters(design, "GGGAAAA"); }), "--sequence: has 7 residues, but 8 are asked for");
  EXPECT_EQ(message_of([&] { add_letters(design, "GGGA&AACC"); }),
            "--sequence: no \"&\" divides molecules between residues 3 and 4, but the molecules asked for have 3 and 5 "
            "residues");
  EXPECT_THAT(message_of([&] { set_partners(design, parse_dot_bracket("((..&..))", ""), "--secondary-structure"); }),
              HasSubstr("--secondary-structure: no \"&\" divides molecules between residues 3 and 4"));
  add_letters(design, "GGGAAACC");  // letters without & fit any molecules
  EXPECT_EQ(design.letter[5], Base::A);
}

TEST(Design, PairsThatNoLettersMakeAreListed) {
  Design design = with_pairs("(((((....)))))");
  EXPECT_TRUE(impossible_pairs(design).empty());
  add_letters(design, "GACGNAAAAGUGGA");
  // G1-A14 and A2-G13 are none; C3-G12, the wobble G4-U11, and N5-G10 may be.
  EXPECT_THAT(impossible_pairs(design), ElementsAre("G1-A14", "A2-G13"));
  EXPECT_THAT(impossible_pairs(design, 1), ElementsAre("G1-A14", "..."));
}

TEST(Design, ChainsKeepTheirGapsAndLetters) {
  std::vector<Chain> chains{synthetic_chain("A", "GACU"), synthetic_chain("B", "GG")};
  for (std::size_t i = 2; i < 4; ++i) chains[0].nucleotides[i].residue_index += 3;
  const Design design = design_of_chains(chains);
  EXPECT_THAT(design.residue_index, ElementsAre(0, 1, 5, 6, 6 + kChainJoin, 7 + kChainJoin));
  EXPECT_THAT(design.numbers(), ElementsAre(1, 2, 6, 7, 1, 2));
  EXPECT_THAT(design.molecule, ElementsAre(0, 0, 0, 0, 1, 1));
  EXPECT_EQ(design.letter[3], Base::U);
  EXPECT_EQ(design.start->size(), 6u);
}

}  // namespace
}  // namespace flashrna
