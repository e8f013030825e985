// Local geometry and clashes of proteins, on peptides of known geometry.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "protein/backbone.h"
#include "protein/measure/clashes.h"
#include "protein/measure/local_geometry.h"
#include "tests/protein/synthetic_peptide.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

double value(const char* name, const ProteinChain& chain, std::size_t i) {
  return measure(protein_measures()[protein_measure(name)], chain.residues, i);
}

TEST(ProteinLocalGeometry, ValuesAreThoseThePeptideWasMadeWith) {
  const ProteinChain chain = synthetic_peptide("A", "AAAAAA", -65.0, 140.0);
  EXPECT_NEAR(value("N-CA", chain, 2), std::hypot(0.525, 1.363), 1e-9);
  EXPECT_NEAR(value("CA-C", chain, 2), 1.526, 1e-9);
  EXPECT_NEAR(value("C-N", chain, 2), 1.33, 1e-9);
  EXPECT_NEAR(value("CA-C-N", chain, 2), 116.2 * kDegree, 1e-9);
  EXPECT_NEAR(value("C-N-CA", chain, 2), 121.7 * kDegree, 1e-9);
  EXPECT_NEAR(value("phi", chain, 2), -65.0 * kDegree, 1e-9);
  EXPECT_NEAR(value("psi", chain, 2), 140.0 * kDegree, 1e-9);
  EXPECT_NEAR(std::abs(value("omega", chain, 2)), std::numbers::pi, 1e-9);
  EXPECT_NEAR(value("CA-CA", chain, 2), 3.80, 0.02);
}

TEST(ProteinLocalGeometry, NothingCrossesAGapOrTheEnds) {
  ProteinChain chain = synthetic_peptide("A", "AAAAAA");
  EXPECT_TRUE(std::isnan(value("phi", chain, 0)));
  EXPECT_TRUE(std::isnan(value("psi", chain, 5)));
  EXPECT_TRUE(std::isnan(value("CA-CA", chain, 5)));
  EXPECT_EQ(phi_psi_pairs(chain.residues).size(), 4u);
  for (std::size_t i = 3; i < 6; ++i) chain.residues[i].residue_index += 4;
  EXPECT_TRUE(std::isnan(value("CA-CA", chain, 2)));
  EXPECT_TRUE(std::isnan(value("phi", chain, 3)));
  EXPECT_EQ(phi_psi_pairs(chain.residues).size(), 2u);
  chain.residues[1].atom_mask &= ~(1u << kCB);
  EXPECT_TRUE(std::isnan(value("CA-CB", chain, 1)));
  EXPECT_EQ(message_of([] { protein_measure("chi"); }), "no measure of proteins is called \"chi\"");
}

TEST(ProteinClashes, HelixAndStrandHaveNoneButOverlapsCount) {
  for (const double psi : {-47.0, 135.0}) {
    const ProteinChain chain = synthetic_peptide("A", "AAAAAAAAAA", psi < 0 ? -57.0 : -120.0, psi);
    const ProteinClashes clashes = find_clashes(chain.residues);
    EXPECT_EQ(clashes.atoms, 50);
    EXPECT_EQ(clashes.pairs, 0) << psi;
  }
  ProteinChain chain = synthetic_peptide("A", "AAAAAAAAAA", -120.0, 135.0);
  ProteinResidue& last = chain.residues[9];
  const Vec3 by = chain.residues[2].atom(kCA) + Vec3(0.1, 0, 0) - last.atom(kCA);
  for (Vec3& atom : last.atoms) atom += by;
  EXPECT_GT(find_clashes(chain.residues).pairs, 3);
  EXPECT_NEAR(find_clashes(chain.residues).per_100_atoms(), 2.0 * find_clashes(chain.residues).pairs, 1e-9);
}

// Bonded neighbors without their bond in residue_index do clash: the exclusions are those of a bond.
TEST(ProteinClashes, OnlyABondExcludesNearbyAtoms) {
  ProteinChain chain = synthetic_peptide("A", "AA");
  EXPECT_EQ(find_clashes(chain.residues).pairs, 0);
  chain.residues[1].residue_index = 2;
  EXPECT_EQ(find_clashes(chain.residues).pairs, 4);  // C-N, CA-N, O-N, C-CA
}

}  // namespace
}  // namespace flashrna
