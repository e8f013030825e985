// Reading proteins: what awkward files hold, line by line.
#include "protein/io/structure_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protein/backbone.h"
#include "tests/protein/synthetic_peptide.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProteinStructure read(const std::string& text, const std::string& name = "made.pdb") {
  return read_protein_from_memory(text, name);
}

std::vector<Lines> peptide(const std::string& letters) { return lines_of_peptide(synthetic_peptide("A", letters)); }

std::vector<int> indices(const ProteinChain& chain) {
  std::vector<int> all;
  for (const ProteinResidue& residue : chain.residues) all.push_back(residue.residue_index);
  return all;
}

void shift(Lines& lines, const Vec3& by) {
  change(lines, [&](AtomLine& line) { line.position += by; });
}

TEST(ProteinReader, ReadsTheBackboneOfAChain) {
  const ProteinChain made = synthetic_peptide("A", "MKTAYG");
  const ProteinStructure structure = read(text_of(lines_of_peptide(made)));
  ASSERT_EQ(structure.chains.size(), 1u);
  const ProteinChain& chain = structure.chains[0];
  EXPECT_EQ(chain.id, "A");
  EXPECT_EQ(chain.molecule_kind, "protein");
  EXPECT_EQ(chain.sequence(), "MKTAYG");
  EXPECT_EQ(chain.n_breaks(), 0);
  EXPECT_EQ(chain.n_modified, 0);
  EXPECT_THAT(indices(chain), ElementsAre(0, 1, 2, 3, 4, 5));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(chain.residues[i].atom_mask, i == 5 ? 0b10111u : 0b11111u);
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
      EXPECT_LT((chain.residues[i].atom(slot) - made.residues[i].atom(slot)).norm(), 1e-3);
    }
  }
}

TEST(ProteinReader, ModifiedResiduesAmongHetatmRecordsAreMembers) {
  std::vector<Lines> residues = peptide("AAAAA");
  change(residues[2], [](AtomLine& line) {
    line.record = "HETATM";
    line.residue = "MSE";
  });
  change(residues[3], [](AtomLine& line) {
    line.record = "HETATM";
    line.residue = "QQQ";  // in no table: a member because it is bonded
  });
  change(residues[4], [](AtomLine& line) { line.residue = "UNK"; });
  const ProteinChain chain = read(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "AAMXX");
  EXPECT_EQ(chain.n_modified, 3);
  EXPECT_EQ(chain.n_breaks(), 0);
  const std::string modres = "MODRES 1ABC QQQ A    4  SER  A MODIFIED RESIDUE\n";
  EXPECT_EQ(read(modres + text_of(residues)).chains.at(0).sequence(), "AAMSX");
}

TEST(ProteinReader, FreeAminoAcidsAndLigandsAreNoMembers) {
  std::vector<Lines> residues = peptide("AAAA");
  Lines glycine = peptide("G")[0];
  change(glycine, [](AtomLine& line) {
    line.record = "HETATM";
    line.seq_id = 301;
    line.position += Vec3(30, 0, 0);
  });
  Lines inhibitor = peptide("A")[0];
  change(inhibitor, [](AtomLine& line) {
    line.record = "HETATM";
    line.residue = "QQQ";
    line.seq_id = 302;
    line.position += Vec3(0, 40, 0);
  });
  const ProteinStructure structure = read(text_of(residues) + "TER\n" + text_of(glycine) + text_of(inhibitor));
  ASSERT_EQ(structure.chains.size(), 1u);
  EXPECT_EQ(structure.chains[0].sequence(), "AAAA");
  EXPECT_TRUE(structure.rejected.empty());
}

TEST(ProteinReader, AnAminoAcidAtTheEndOfATransferRnaIsNoProtein) {
  std::vector<Lines> rna = residues_of("GACU");
  Lines ester = peptide("F")[0];
  change(ester, [](AtomLine& line) {
    line.seq_id = 5;
    line.residue = "PHA";
    line.position += Vec3(60, 0, 0);
  });
  const std::string seqres = "SEQRES   1 A    5    G   A   C   U PHA                                           \n";
  const ProteinStructure structure = read(seqres + text_of(rna) + text_of(ester));
  EXPECT_TRUE(structure.chains.empty());
  ASSERT_EQ(structure.rejected.size(), 1u);
  EXPECT_EQ(structure.rejected[0].reason, "RNA");
}

TEST(ProteinReader, ChainBreaksByTheCNDistanceWhateverTheNumbers) {
  std::vector<Lines> residues = peptide("AAAAAA");
  for (std::size_t i = 3; i < 6; ++i) shift(residues[i], Vec3(0, 0, 3));
  EXPECT_THAT(indices(read(text_of(residues)).chains.at(0)), ElementsAre(0, 1, 2, 4, 5, 6));
  // A gap of four residues by the numbers, and bonded residues whose numbers skip.
  residues = peptide("AAAAAA");
  for (std::size_t i = 3; i < 6; ++i) {
    shift(residues[i], Vec3(0, 0, 9));
    change(residues[i], [](AtomLine& line) { line.seq_id += 4; });
  }
  change(residues[5], [](AtomLine& line) { line.seq_id = 100; });
  EXPECT_THAT(indices(read(text_of(residues)).chains.at(0)), ElementsAre(0, 1, 2, 7, 8, 9));
}

TEST(ProteinReader, InsertionCodesKeepTheOrderOfTheFile) {
  std::vector<Lines> residues = peptide("ACDEF");
  const std::vector<std::pair<int, char>> numbers = {{52, ' '}, {52, 'A'}, {52, 'B'}, {53, ' '}, {54, ' '}};
  for (std::size_t i = 0; i < 5; ++i) {
    change(residues[i], [&](AtomLine& line) {
      line.seq_id = numbers[i].first;
      line.insertion_code = numbers[i].second;
    });
  }
  const ProteinChain chain = read(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "ACDEF");
  EXPECT_EQ(chain.n_breaks(), 0);
  EXPECT_EQ(chain.residues[2].insertion_code, 'B');
  // The same with equal names and lost codes: gemmi merges them, the reader parts them again.
  residues = peptide("AAAAA");
  for (std::size_t i = 0; i < 5; ++i) change(residues[i], [&](AtomLine& line) { line.seq_id = numbers[i].first; });
  const ProteinChain lost = read(text_of(residues)).chains.at(0);
  EXPECT_EQ(lost.sequence(), "AAAAA");
  EXPECT_EQ(lost.n_breaks(), 0);
}

TEST(ProteinReader, OneAlternateLocationPerStretchByOccupancy) {
  std::vector<Lines> residues = peptide("AAAA");
  Lines with_alternates;
  for (const AtomLine& line : residues[1]) {
    AtomLine a = line, b = line;
    a.alternate = 'A';
    a.occupancy = 0.3;
    a.position += Vec3(0.2, 0, 0);
    b.alternate = 'B';
    b.occupancy = 0.7;
    with_alternates.push_back(a);
    with_alternates.push_back(b);
  }
  const std::vector<Lines> original = residues;
  residues[1] = with_alternates;
  const ProteinChain chain = read(text_of(residues)).chains.at(0);
  ASSERT_EQ(chain.residues.size(), 4u);
  EXPECT_LT((chain.residues[1].atom(kCA) - original[1][1].position).norm(), 1e-3);
}

TEST(ProteinReader, MicroheterogeneityKeepsTheMoreOccupiedResidue) {
  std::vector<Lines> residues = peptide("AAAA");
  Lines serine = residues[1];
  change(serine, [](AtomLine& line) {
    line.alternate = 'B';
    line.occupancy = 0.6;
    line.residue = "SER";
  });
  change(residues[1], [](AtomLine& line) {
    line.alternate = 'A';
    line.occupancy = 0.4;
  });
  residues.insert(residues.begin() + 2, serine);
  const ProteinChain chain = read(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "ASAA");
  EXPECT_EQ(chain.n_breaks(), 0);
}

TEST(ProteinReader, ResiduesWithoutAFrameAreCountedAndMakeAGap) {
  std::vector<Lines> residues = peptide("AAAAA");
  residues[2].erase(residues[2].begin() + kC);
  const ProteinChain chain = read(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.n_without_frame, 1);
  EXPECT_THAT(indices(chain), ElementsAre(0, 1, 3, 4));
  for (Lines& lines : residues) std::erase_if(lines, [](const AtomLine& line) { return line.atom == "N"; });
  const ProteinStructure none = read(text_of(residues));
  EXPECT_TRUE(none.chains.empty());
  ASSERT_EQ(none.rejected.size(), 1u);
  EXPECT_EQ(none.rejected[0].reason, "no frame");
  EXPECT_EQ(none.rejected[0].detail, "none of its 5 amino acids has N, CA and C");
}

TEST(ProteinReader, OtherPolymersAndMirrorImagesAreRejected) {
  std::vector<Lines> rna = residues_of("GACU");
  for (Lines& lines : rna) change(lines, [](AtomLine& line) { line.chain.assign(1, 'R'); });
  std::vector<Lines> mirrored = peptide("AAAA");
  for (Lines& lines : mirrored) {
    change(lines, [](AtomLine& line) {
      line.chain.assign(1, 'D');
      line.position.x() = 50.0 - line.position.x();
    });
  }
  const ProteinStructure structure = read(text_of(peptide("AAA")) + text_of(rna) + text_of(mirrored));
  ASSERT_EQ(structure.chains.size(), 1u);
  ASSERT_EQ(structure.rejected.size(), 2u);
  EXPECT_EQ(structure.rejected[0].id, "R");
  EXPECT_EQ(structure.rejected[0].reason, "RNA");
  EXPECT_EQ(structure.rejected[0].detail, "4 nucleotides");
  EXPECT_EQ(structure.rejected[1].reason, "D-protein");
  EXPECT_THAT(structure.rejected[1].detail, HasSubstr("4 amino acids are mirror images"));
}

TEST(ProteinReader, GapsTakeTheirLengthFromSeqres) {
  std::vector<Lines> residues = peptide("ACDEFG");
  for (std::size_t i = 3; i < 6; ++i) shift(residues[i], Vec3(0, 0, 9));
  const std::string seqres = "SEQRES   1 A    9  ALA CYS ASP HIS HIS HIS GLU PHE GLY                           \n";
  EXPECT_THAT(indices(read(seqres + text_of(residues)).chains.at(0)), ElementsAre(0, 1, 2, 6, 7, 8));
}

TEST(ProteinReader, CarbonylOxygenOfOtherProgramsAndAtomsAtTheOrigin) {
  std::vector<Lines> residues = peptide("AAA");
  change(residues[2], [](AtomLine& line) {
    if (line.atom == "O") line.atom = "OT1";
  });
  EXPECT_TRUE(read(text_of(residues)).chains.at(0).residues.at(2).has(kO));
  for (std::size_t i = 0; i < 3; ++i) {
    shift(residues[i], Vec3(20, 20, 20));
    change(residues[i], [](AtomLine& line) {
      if (line.atom == "CB") line.position = Vec3::Zero();
    });
  }
  for (const ProteinResidue& residue : read(text_of(residues)).chains.at(0).residues) EXPECT_FALSE(residue.has(kCB));
}

TEST(ProteinReader, ErrorsNameTheFile) {
  EXPECT_EQ(message_of([] { read("", "a.pdb"); }), "a.pdb: the file is empty");
  EXPECT_EQ(message_of([] { read_protein_structure("missing.pdb"); }), "missing.pdb: no such file");
  EXPECT_THAT(message_of([] { read("data_x\n_entry.id x\n", "x.cif"); }), HasSubstr("x.cif: "));
}

}  // namespace
}  // namespace flashrna
