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

// The outer neighbor of each center of one nucleotide in turn, reflected through the plane of the center and its two
// neighbors in the ring: the volume of this center changes its sign, and no other center has this neighbor.
void expect_each_center_inverts_alone(const std::vector<Nucleotide>& nucleotides, std::size_t at) {
  EXPECT_EQ(ribose_chirality(nucleotides).inverted, kNone);
  for (std::size_t k = 0; k < 4; ++k) {
    std::vector<Nucleotide> changed = nucleotides;
    auto& atoms = changed[at].atoms;
    const auto& [a, b, outer] = kRiboseCenters[k].neighbors;
    const Vec3 center = atoms[kRiboseCenters[k].carbon];
    const Vec3 normal = (atoms[a] - center).cross(atoms[b] - center).normalized();
    atoms[outer] -= 2.0 * normal.dot(atoms[outer] - center) * normal;
    std::array<long, 4> expected = kNone;
    expected[k] = 1;
    EXPECT_EQ(ribose_chirality(changed).inverted, expected) << k;
    EXPECT_NEAR(chiral_volume(kRiboseCenters[k], changed[at]), -chiral_volume(kRiboseCenters[k], nucleotides[at]),
                1e-12);
  }
}

TEST(RiboseChirality, AReflectedNeighborInvertsItsCenterAlone) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  expect_each_center_inverts_alone(read_structure(path).chains[0].nucleotides, 10);
}

TEST(RiboseChirality, AReflectedNeighborOfAnIdealStrandInvertsItsCenterAlone) {
  expect_each_center_inverts_alone(read_structure(small_structure("duplex.pdb")).chains[0].nucleotides, 3);
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

// eta is 168.5 and theta 211.7 degrees (computed with numpy); of the mirror image they are 191.5 and 148.3.
TEST(AForm, AnIdealStrandIsAFormAndItsMirrorImageIsNot) {
  std::vector<Nucleotide> nucleotides = read_structure(small_structure("duplex.pdb")).chains[0].nucleotides;
  EXPECT_EQ(count_a_form(nucleotides).nucleotides, 6);  // of 8: not the ends
  EXPECT_EQ(count_a_form(nucleotides).a_form, 6);
  for (Nucleotide& nucleotide : nucleotides) {
    for (Vec3& atom : nucleotide.atoms) atom.z() = -atom.z();
  }
  EXPECT_EQ(count_a_form(nucleotides).nucleotides, 6);
  EXPECT_EQ(count_a_form(nucleotides).a_form, 0);
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
