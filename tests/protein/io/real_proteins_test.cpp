// The excerpts of tests/data/proteins: what is read of them, and their torsions against those of Biopython.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "base/median.h"
#include "protein/backbone.h"
#include "protein/io/structure_reader.h"
#include "protein/measure/local_geometry.h"
#include "tests/support/csv_table.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

ProteinStructure excerpt(const std::string& name) {
  return read_protein_structure(std::string(FLASHRNA_TEST_DATA) + "/proteins/" + name);
}

TEST(RealProteins, ExcerptsHaveTheirSequencesAndGaps) {
  const ProteinStructure ffh = excerpt("1dul_excerpt.cif");
  EXPECT_EQ(ffh.entry, "1DUL");
  EXPECT_NEAR(ffh.resolution, 1.8, 1e-9);
  ASSERT_EQ(ffh.chains.size(), 1u);
  EXPECT_EQ(ffh.chains[0].sequence(), "NDFLEQKVLVRMEAIINS");
  EXPECT_EQ(ffh.chains[0].n_modified, 1);
  EXPECT_EQ(ffh.chains[0].n_breaks(), 1);
  EXPECT_EQ(ffh.chains[0].residues[6].residue_index, 44 - 5);  // by label_seq_id

  const ProteinStructure heavy = excerpt("8d29_excerpt.pdb");
  ASSERT_EQ(heavy.chains.size(), 1u);
  EXPECT_EQ(heavy.chains[0].sequence(), "GTLVTVSSASTKGPSVFPLAPSSKSTYICNVN");
  EXPECT_EQ(heavy.chains[0].n_modified, 0);
  EXPECT_EQ(heavy.chains[0].n_breaks(), 1);
  EXPECT_EQ(heavy.chains[0].residues[25].residue_index, 205 - 118);
  for (const ProteinResidue& residue : heavy.chains[0].residues) {
    EXPECT_EQ(residue.atom_mask, residue.type == AminoAcid::kGly ? 0b10111u : 0b11111u) << residue.seq_id;
  }
}

TEST(RealProteins, TorsionsAreThoseOfBiopython) {
  int compared = 0;
  std::map<std::string, ProteinChain> chains;
  for (const char* name : {"1dul_excerpt.cif", "8d29_excerpt.pdb"}) chains[name] = excerpt(name).chains.at(0);
  for (const CsvRow& row : read_csv(std::string(FLASHRNA_TEST_DATA) + "/proteins/torsions.csv")) {
    const std::vector<ProteinResidue>& residues = chains.at(row.text("file")).residues;
    const auto number = static_cast<int>(row.number("residue"));
    const auto found = std::ranges::find(residues, number, &ProteinResidue::seq_id);
    ASSERT_NE(found, residues.end()) << number;
    EXPECT_EQ(found->name, row.text("name"));
    const auto i = static_cast<std::size_t>(found - residues.begin());
    for (const char* key : {"phi", "psi", "omega"}) {
      const double value = measure(protein_measures()[protein_measure(key)], residues, i);
      EXPECT_EQ(std::isnan(value), row.text(key).empty()) << key << number;
      if (row.text(key).empty()) continue;
      EXPECT_NEAR(std::remainder(value - row.number(key) * kDegree, 2 * std::numbers::pi), 0.0, 2e-5) << key << number;
      ++compared;
    }
    // psi of the frame, by O, differs from psi to the next N only where the peptide group is not planar.
    if (row.text("psi").empty()) continue;
    const auto by_o = psi_of(*found).value();
    EXPECT_NEAR(std::remainder(std::atan2(by_o[0], by_o[1]) - row.number("psi") * kDegree, 2 * std::numbers::pi), 0.0,
                5 * kDegree)
        << number;
  }
  EXPECT_EQ(compared, 3 * (16 + 30));
}

// Bonds and angles of a residue are nearly ideal, so frame and psi say where its atoms are.
TEST(RealProteins, FramesAndPsiRebuildTheBackbone) {
  std::vector<double> backbone, oxygen;
  for (const char* name : {"1dul_excerpt.cif", "8d29_excerpt.pdb"}) {
    for (const ProteinResidue& residue : excerpt(name).chains.at(0).residues) {
      const ProteinResidue rebuilt = rebuild_residue(residue);
      for (const int slot : {kN, kC}) backbone.push_back((rebuilt.atom(slot) - residue.atom(slot)).norm());
      oxygen.push_back((rebuilt.atom(kO) - residue.atom(kO)).norm());
    }
  }
  EXPECT_LT(median(backbone), 0.05);
  EXPECT_LT(median(oxygen), 0.1);
  EXPECT_LT(std::ranges::max(backbone), 0.2);  // N where N-CA-C is 8° from ideal
  EXPECT_LT(std::ranges::max(oxygen), 0.2);
}

}  // namespace
}  // namespace flashrna
