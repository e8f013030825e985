#include "rna/measure/ribose_chirality.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>

#include "rna/io/structure_reader.h"
#include "rna/measure/a_form.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr std::array<long, 4> kNone{0, 0, 0, 0};

TEST(RiboseChirality, PlacedO2IsNaturalAndAMirrorImageInvertsEveryCenter) {
  Chain chain = synthetic_chain("A", "GACU");
  const RiboseChirality natural = ribose_chirality(chain.nucleotides);
  EXPECT_EQ(natural.centers, (std::array<long, 4>{4, 4, 4, 4}));
  EXPECT_EQ(natural.inverted[1], 0);
  for (Nucleotide& nucleotide : chain.nucleotides) {
    for (Vec3& atom : nucleotide.atoms) atom.z() = -atom.z();
  }
  const RiboseChirality mirrored = ribose_chirality(chain.nucleotides);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(mirrored.inverted[k], 4 - natural.inverted[k]);
}

TEST(RiboseChirality, TwoExchangedNeighborsInvertTheirCenterAlone) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  std::vector<Nucleotide> nucleotides = read_structure(path).chains[0].nucleotides;
  EXPECT_EQ(ribose_chirality(nucleotides).inverted, kNone);
  // O2' reflected through the plane of C1', C2' and C3' to the other side of the ring.
  Nucleotide& nucleotide = nucleotides[10];
  const Vec3 normal =
      (nucleotide.atoms[kC1] - nucleotide.atoms[kC2]).cross(nucleotide.atoms[kC3] - nucleotide.atoms[kC2]).normalized();
  nucleotide.atoms[kO2] -= 2.0 * normal.dot(nucleotide.atoms[kO2] - nucleotide.atoms[kC2]) * normal;
  EXPECT_EQ(ribose_chirality(nucleotides).inverted, (std::array<long, 4>{0, 1, 0, 0}));
}

TEST(RiboseChirality, ACenterWithoutItsAtomsIsNotCounted) {
  Chain chain = synthetic_chain("A", "G");
  chain.nucleotides[0].atom_mask &= ~(1u << kO3);
  EXPECT_EQ(ribose_chirality(chain.nucleotides).centers, (std::array<long, 4>{1, 1, 0, 1}));
  EXPECT_TRUE(std::isnan(chiral_volume(kRiboseCenters[2], chain.nucleotides[0])));
}

TEST(AForm, EndsAreNotCountedAndEmptyChainsHaveNoShare) {
  EXPECT_EQ(count_a_form(synthetic_chain("A", "GACUG").nucleotides).nucleotides, 3);
  EXPECT_TRUE(std::isnan(count_a_form({}).share()));
}

TEST(AForm, MostOfATrnaIsAForm) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  const AFormCount count = count_a_form(read_structure(path).chains[0].nucleotides);
  EXPECT_EQ(count.nucleotides, 74);
  EXPECT_GT(count.share(), 0.5);
  EXPECT_LT(count.share(), 0.8);
}

}  // namespace
}  // namespace flashrna
