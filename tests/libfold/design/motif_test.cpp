// Residues of a motif file that a contig names.
#include "libfold/design/motif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/pairs/secondary_structure.h"
#include "tests/datasets/example_structures.h"
#include "tests/datasets/paired_structures.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

// Chain A: 11 to 22, with 13A after 13; chain B: 1 to 5.
Structure two_chains() {
  Structure structure;
  structure.entry = "motif";
  structure.chains = {synthetic_chain("A", "GACUGGACUGGAC"), synthetic_chain("B", "GGACC")};
  std::vector<Nucleotide>& a = structure.chains[0].nucleotides;
  for (std::size_t i = 0; i < a.size(); ++i) a[i].seq_id = static_cast<int>(i) + (i < 3 ? 11 : 10);
  a[3].insertion_code = 'A';
  return structure;
}

Motif find(const std::string& contig, const Structure& structure) {
  return find_motif(parse_contig(contig), structure, "motif.cif");
}

std::string error_in(const std::string& contig, const Structure& structure) {
  return message_of([&] { find(contig, structure); });
}

TEST(FindMotif, TakesResiduesByAuthorNumbersAndInsertionCodes) {
  const Motif motif = find("5,A12-13A,3,B2,A20-22,9", two_chains());
  EXPECT_EQ(motif.first, (std::vector<int>{-1, 0, -1, 3, 4, -1}));
  EXPECT_EQ(motif.count, (std::vector<int>{0, 3, 0, 1, 3, 0}));
  std::string names, letters;
  for (int i = 0; i < 7; ++i) {
    names += motif.name_of(i) + " ";
    letters += base_letter(motif.residues[static_cast<std::size_t>(i)].base);
  }
  EXPECT_EQ(names, "A12 A13 A13A B2 A20 A21 A22 ");
  EXPECT_EQ(letters, "ACUGGAC");
}

TEST(FindMotif, TheNumbersAreThoseOfTheFileThatWasRead) {
  const TemporaryFolder folder;
  const std::string path = folder.write("motif.cif", to_mmcif(two_chains()));
  const Motif motif = find("A13A-15,4", read_structure(path));
  ASSERT_EQ(motif.residues.size(), 3u);
  EXPECT_EQ(motif.name_of(0), "A13A");
}

// Pairs of the file are 3-28 to 6-25 and 8-24 to 10-22, counted from 1.
TEST(FindMotif, KnowsThePairsOfItsResiduesWithEachOther) {
  Structure structure = paired_hairpin("motif");
  for (std::size_t i = 0; i < 30; ++i) structure.chains[0].nucleotides[i].seq_id = static_cast<int>(i) + 1;
  const Chain unpaired = synthetic_chain("0", "GACU");
  structure.chains.insert(structure.chains.begin(), unpaired);  // positions in the file are not those in the chain
  const std::string id = structure.chains[1].id;
  const Motif motif = find("5," + id + "2-7,4," + id + "22-26,3", structure);
  // 2 to 7, then 22 to 26: 3 and 4 pair with 28 and 27, 22 to 24 with 10 to 8, none of which is in the motif.
  EXPECT_EQ(motif.partner, (std::vector<int>{kUnpaired, kUnspecified, kUnspecified, 10, 9, kUnpaired, kUnspecified,
                                             kUnspecified, kUnspecified, 4, 3}));
}

TEST(FindMotif, UnknownSelectionsAndOverlapsAreNamed) {
  const Structure structure = two_chains();
  EXPECT_THAT(error_in("5,C1-3", structure),
              HasSubstr("--contig: character 3: \"C1-3\": there is no chain C; RNA chains are A, B (motif.cif)"));
  EXPECT_THAT(error_in("A20-23", structure), HasSubstr("there is no residue A23; chain A has 11 to 22"));
  EXPECT_THAT(error_in("A13B", structure), HasSubstr("there is no residue A13B"));
  EXPECT_THAT(error_in("A12-14,3,A14-16", structure),
              HasSubstr("character 10: \"A14-16\": residue A14 is also in \"A12-14\" at character 1"));
  Structure with_protein = structure;
  with_protein.rejected.push_back({"P", "protein", "80 amino acids"});
  EXPECT_THAT(error_in("P1-3", with_protein), HasSubstr("chain P is no RNA with a backbone: protein, 80 amino acids"));
}

TEST(FindMotif, AResidueWithoutAnAtomOfItsFrameCannotBeUsed) {
  Structure damaged = two_chains();
  damaged.chains[0].nucleotides[5].atom_mask &= ~(1u << kO4);  // A15
  const TemporaryFolder folder;
  const Structure structure = read_structure(folder.write("motif.cif", to_mmcif(damaged)));
  EXPECT_THAT(error_in("A15-18", structure),
              HasSubstr("\"A15-18\": there is no residue A15; chain A has 11 to 22; 1 of its residues without C3', C4' "
                        "or O4' cannot be used"));
  EXPECT_THAT(error_in("A12-18", structure),
              HasSubstr("residues A14 and A16 are not bonded, so residues are missing between them; 1 of its residues "
                        "without C3', C4' or O4' cannot be used; give two items with new residues in between, such as "
                        "A12-14,1,A16-18"));
  EXPECT_EQ(find("A16-18", structure).residues.size(), 3u);
}

TEST(FindMotif, MissingResiduesInARangeAreNamedWithAContigThatWorks) {
  Structure gapped = two_chains();
  auto& nucleotides = gapped.chains[0].nucleotides;
  nucleotides.erase(nucleotides.begin() + 5, nucleotides.begin() + 7);  // A15, A16
  const TemporaryFolder folder;
  const Structure structure = read_structure(folder.write("motif.cif", to_mmcif(gapped)));
  EXPECT_THAT(error_in("A12-19", structure),
              HasSubstr("residues A14 and A17 are not bonded, so residues are missing between them; give two items "
                        "with new residues in between, such as A12-14,2,A17-19"));
  EXPECT_EQ(find("A12-14,2,A17-19", structure).residues.size(), 7u);
}

}  // namespace
}  // namespace flashrna
