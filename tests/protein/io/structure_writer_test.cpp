// Writing proteins: the reader finds in both formats what was written.
#include "protein/io/structure_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protein/io/structure_reader.h"
#include "tests/protein/synthetic_peptide.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

ProteinStructure made_structure() {
  ProteinStructure structure;
  structure.entry = "1ABC";
  structure.method = "X-RAY DIFFRACTION";
  structure.resolution = 1.8;
  structure.chains = {synthetic_peptide("A", "MKTAYGX"), synthetic_peptide("B", "CDE", -120.0, 130.0)};
  ProteinResidue& selenium = structure.chains[0].residues[0];
  selenium.name = "MSE";
  structure.chains[0].n_modified = 2;
  for (std::size_t i = 4; i < 7; ++i) {  // a gap of two residues
    structure.chains[0].residues[i].residue_index += 2;
    structure.chains[0].residues[i].seq_id += 2;
    for (Vec3& atom : structure.chains[0].residues[i].atoms) atom += Vec3(0, 0, 8);
  }
  for (ProteinResidue& residue : structure.chains[1].residues) {
    for (Vec3& atom : residue.atoms) atom += Vec3(40, 0, 0);
  }
  return structure;
}

TEST(ProteinWriter, BothFormatsReadBackTheSame) {
  const ProteinStructure written = made_structure();
  for (const std::string name : {"1abc.cif", "1abc.pdb"}) {
    const std::string text = name.ends_with("cif") ? to_mmcif(written) : to_pdb(written);
    const ProteinStructure read = read_protein_from_memory(text, name);
    EXPECT_EQ(read.entry, "1ABC") << name;
    EXPECT_EQ(read.method, "X-RAY DIFFRACTION");
    EXPECT_NEAR(read.resolution, 1.8, 1e-9);
    ASSERT_EQ(read.chains.size(), 2u);
    for (std::size_t c = 0; c < 2; ++c) {
      const ProteinChain &one = written.chains[c], &other = read.chains[c];
      EXPECT_EQ(other.id, one.id);
      EXPECT_EQ(other.sequence(), one.sequence());
      EXPECT_EQ(other.n_modified, one.n_modified);
      EXPECT_EQ(other.n_breaks(), one.n_breaks());
      ASSERT_EQ(other.residues.size(), one.residues.size());
      for (std::size_t i = 0; i < one.residues.size(); ++i) {
        EXPECT_EQ(other.residues[i].name, one.residues[i].name);
        EXPECT_EQ(other.residues[i].seq_id, one.residues[i].seq_id);
        EXPECT_EQ(other.residues[i].residue_index, one.residues[i].residue_index);
        EXPECT_EQ(other.residues[i].atom_mask, one.residues[i].atom_mask);
        for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
          if (!one.residues[i].has(slot)) continue;
          EXPECT_LT((other.residues[i].atom(slot) - one.residues[i].atom(slot)).norm(), 1e-3);
        }
      }
    }
  }
}

TEST(ProteinWriter, WordsAreThoseOfProteins) {
  const std::string cif = to_mmcif(made_structure());
  for (const char* part : {"1 polymer protein\n", "2 'polypeptide(L)' B", "MSE 'L-peptide linking' MET\n",
                           "ALA 'L-peptide linking' .\n", "\n;CDE\n;\n", "HETATM 1     N N     . MSE A 1 1"}) {
    EXPECT_THAT(cif, HasSubstr(part));
  }
  const std::string pdb = to_pdb(made_structure());
  EXPECT_THAT(pdb, HasSubstr("MODRES 1ABC MSE A    1  MET\n"));
  EXPECT_THAT(pdb, HasSubstr("ATOM      6  N   LYS A   2 "));
}

TEST(ProteinWriter, RefusesWhatDoesNotFit) {
  ProteinStructure structure = made_structure();
  structure.chains[0].id = "AA";
  EXPECT_THAT(message_of([&] { to_pdb(structure); }), HasSubstr("one character for a chain identifier"));
  structure.chains[0].residues[1].atoms[kCA].x() = std::nan("");
  EXPECT_THAT(message_of([&] { to_mmcif(structure); }), HasSubstr("residue 2: atom CA is not at a finite position"));
}

}  // namespace
}  // namespace flashrna
