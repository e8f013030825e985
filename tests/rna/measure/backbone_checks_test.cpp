#include "rna/measure/backbone_checks.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

TEST(BackboneChecks, OfANativeHaveItsBondsAndHardlyAClash) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  const BackboneChecks checks = check_backbone(read_structure(folder + "/sample/1EHZ.cif").chains[0].nucleotides);
  EXPECT_EQ(checks.bonded, 1.0);
  EXPECT_NEAR(checks.o3_p_distance, 1.607, 0.01);
  EXPECT_GT(checks.c4_neighbors, 0.9);
  EXPECT_LT(checks.bond_deviation, 0.02);
  EXPECT_LT(checks.clashes, 1.0);
  EXPECT_NEAR(checks.radius_of_gyration, 23.0, 1.0);
}

// Means and standard deviations of Parkinson et al. 1996 (doi:10.1107/S0907444995011115); C1'-N is the mean of the four
// bases of Olson et al. 2001 (doi:10.1006/jmbi.2001.4987).
TEST(BackboneChecks, NativeBondLengthsAreWithinTwoDeviationsOfTheLiterature) {
  struct Bond {
    const char* name;
    double mean, deviation;
  };
  constexpr Bond kBonds[] = {{"P-OP1", 1.485, 0.017},   {"P-OP2", 1.485, 0.017},   {"P-O5'", 1.593, 0.010},
                             {"O5'-C5'", 1.440, 0.016}, {"C5'-C4'", 1.510, 0.013}, {"C4'-O4'", 1.453, 0.012},
                             {"C4'-C3'", 1.524, 0.011}, {"C3'-O3'", 1.423, 0.014}, {"C3'-C2'", 1.525, 0.011},
                             {"C2'-O2'", 1.413, 0.013}, {"C2'-C1'", 1.528, 0.010}, {"O4'-C1'", 1.414, 0.012},
                             {"C1'-N", 1.465, 0.012}};
  for (const Bond& bond : kBonds) {
    EXPECT_NEAR(native_bond_length(bond.name), bond.mean, 2.0 * bond.deviation) << bond.name;
  }
}

TEST(BackboneChecks, AResidueMovedAwayIsTwoLinksLessAndLeavesBondsAlone) {
  Chain chain = synthetic_chain("A", "NNNNN");
  const BackboneChecks before = check_backbone(chain.nucleotides);
  for (Vec3& atom : chain.nucleotides[2].atoms) atom += Vec3(30.0, 0.0, 0.0);
  const BackboneChecks after = check_backbone(chain.nucleotides);
  EXPECT_DOUBLE_EQ(after.bonded, before.bonded - 0.5);
  EXPECT_LE(after.c4_neighbors, before.c4_neighbors);
  EXPECT_GT(after.o3_p_distance, 10.0) << "the median of two links and two gaps lies between them";
  EXPECT_NEAR(after.bond_deviation, before.bond_deviation, 1e-12);
  EXPECT_GT(after.radius_of_gyration, before.radius_of_gyration);
}

TEST(BackboneChecks, OneStretchedBondOfOneResidueDeviatesByItsShare) {
  Chain chain = synthetic_chain("A", "N");
  Nucleotide& nucleotide = chain.nucleotides[0];
  const double before = check_backbone(chain.nucleotides).bond_deviation;
  const Vec3 bond = nucleotide.atoms[kOP1] - nucleotide.atoms[kP];
  const double was = bond.norm() - native_bond_length("P-OP1");
  nucleotide.atoms[kOP1] += 0.5 * bond.normalized();
  const double now = was + 0.5;
  EXPECT_NEAR(check_backbone(chain.nucleotides).bond_deviation,
              std::sqrt(before * before + (now * now - was * was) / 13.0), 1e-12);
}

TEST(BackboneChecks, OfOneResidueHaveNoNeighbors) {
  const BackboneChecks checks = check_backbone(synthetic_chain("A", "N").nucleotides);
  EXPECT_TRUE(std::isnan(checks.c4_neighbors) && std::isnan(checks.bonded));
  EXPECT_TRUE(std::isnan(checks.c4_distance) && std::isnan(checks.o3_p_distance));
  EXPECT_EQ(checks.radius_of_gyration, 0.0);
  EXPECT_EQ(checks.clashes, 0.0);
}

TEST(BackboneChecks, ANameThatIsNoBondIsAnError) { EXPECT_THROW(native_bond_length("O3'-P"), Error); }

}  // namespace
}  // namespace flashrna
