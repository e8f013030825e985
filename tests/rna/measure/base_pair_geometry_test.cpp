#include "rna/measure/base_pair_geometry.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <array>
#include <cmath>
#include <iostream>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "base/median.h"
#include "rna/ideal_bases.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/refined_base_pairs.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

using Six = std::array<double, 6>;

Six values(const BasePairGeometry& pair) {
  return {pair.shear, pair.stretch, pair.stagger, pair.buckle, pair.propeller, pair.opening};
}

Mat3 about(const Vec3& axis, double angle) { return Eigen::AngleAxisd(angle, axis.normalized()).toRotationMatrix(); }

// Frames of the two bases of a pair whose mean frame is `pair`, from the definition: each z axis bends by half the
// angle about a hinge in the plane of the pair, and each base opens by half the angle about z.
struct Bases {
  RigidTransform first, second;
};

Bases bases_of(const BasePairGeometry& wanted, const RigidTransform& pair = {}) {
  const double bend = std::hypot(wanted.buckle, wanted.propeller);
  const Vec3 hinge = bend > 0 ? Vec3(wanted.buckle, wanted.propeller, 0.0) : Vec3(Vec3::UnitY());
  const Vec3 half(0.5 * wanted.shear, 0.5 * wanted.stretch, 0.5 * wanted.stagger);
  Bases bases;
  bases.first.rotation = pair.rotation * about(hinge, 0.5 * bend) * about(Vec3::UnitZ(), 0.5 * wanted.opening);
  bases.first.translation = pair * half;
  bases.second.rotation = pair.rotation * about(hinge, -0.5 * bend) * about(Vec3::UnitZ(), -0.5 * wanted.opening) *
                          Vec3(1, -1, -1).asDiagonal();
  bases.second.translation = pair * -half;
  return bases;
}

void expect_near(const Six& got, const Six& expected, double tolerance) {
  for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(got[k], expected[k], tolerance) << "parameter " << k;
}

TEST(BasePairGeometry, OneDisplacementOrRotationGivesOneParameter) {
  const RigidTransform still;
  RigidTransform partner;
  partner.rotation = about(Vec3::UnitX(), std::numbers::pi);
  expect_near(values(base_pair_geometry(still, partner)), {}, 1e-12);
  for (int axis = 0; axis < 3; ++axis) {
    RigidTransform moved, turned;
    moved.translation = 0.7 * Vec3::Unit(axis);
    turned.rotation = about(Vec3::Unit(axis), 0.2);
    Six displaced{}, rotated{};
    displaced[static_cast<std::size_t>(axis)] = 0.7;
    rotated[static_cast<std::size_t>(axis) + 3] = 0.2;
    expect_near(values(base_pair_geometry(moved, partner)), displaced, 1e-12);
    expect_near(values(base_pair_geometry(turned, partner)), rotated, 1e-12);
  }
}

TEST(BasePairGeometry, SixParametersComeBackFromTheFramesTheyMake) {
  const BasePairGeometry wanted{-2.2, 0.4, -0.6, 0.35, -0.25, 0.15};
  RigidTransform pose;
  pose.rotation = about(Vec3(1, -2, 0.5), 2.4);
  pose.translation = Vec3(30, -12, 8);
  const Bases bases = bases_of(wanted, pose);
  expect_near(values(base_pair_geometry(bases.first, bases.second)), values(wanted), 1e-10);
}

TEST(BasePairGeometry, ExchangingTheBasesTurnsShearAndBuckle) {
  const BasePairGeometry wanted{-2.2, 0.4, -0.6, 0.35, -0.25, 0.15};
  const Bases bases = bases_of(wanted);
  expect_near(values(base_pair_geometry(bases.second, bases.first)), {2.2, 0.4, -0.6, -0.35, -0.25, 0.15}, 1e-10);
}

Nucleotide moved_base(Base base, const RigidTransform& motion) {
  Nucleotide nucleotide;
  nucleotide.base = base;
  for (int slot = kGlycosidicNitrogen; slot < kAtomSlots; ++slot) {
    if (!atom_name(base, slot).empty()) nucleotide.set(slot, motion * ideal_base(base).atoms[slot]);
  }
  return nucleotide;
}

// By hand: the ideal bases of a G-C pair in their common frame have the hydrogen bonds of Watson and Crick.
TEST(BasePairGeometry, IdealBasesMakeAWatsonCrickPairWithoutAnyDeviation) {
  RigidTransform turn;
  turn.rotation = about(Vec3::UnitX(), std::numbers::pi);
  const Nucleotide g = moved_base(Base::G, {}), c = moved_base(Base::C, turn);
  const auto pair = base_pair_geometry(g, c);
  ASSERT_TRUE(pair);
  expect_near(values(*pair), {}, 1e-9);
  EXPECT_EQ(watson_crick_bonds(g, c).formed, 3);
  const auto at = [](const Nucleotide& n, const char* name) { return n.atoms[atom_slot(n.base, name)]; };
  EXPECT_NEAR((at(g, "N1") - at(c, "N3")).norm(), 2.95, 0.1);
  EXPECT_NEAR((at(g, "O6") - at(c, "N4")).norm(), 2.91, 0.1);
  EXPECT_FALSE(base_pair_geometry(g, Nucleotide{})) << "no base";
  const std::vector<Nucleotide> both = {g, c};
  const std::vector<int> partner = {1, 0}, alone = {0};
  EXPECT_EQ(base_pair_geometries(both, partner).size(), 1u);
  EXPECT_THROW(base_pair_geometries(both, alone), Error);
}

// By hand: the U of an A-U pair, moved within the plane until G holds it by two hydrogen bonds.
TEST(BasePairGeometry, AWobblePairHasTheShearByWhichItsUMoved) {
  RigidTransform opposite;
  opposite.rotation = about(Vec3::UnitX(), std::numbers::pi);
  opposite.translation = Vec3(2.3, 0.4, 0.0);
  const Nucleotide g = moved_base(Base::G, {}), u = moved_base(Base::U, opposite);
  EXPECT_EQ(watson_crick_bonds(g, u).formed, 2);
  const auto g_u = base_pair_geometry(g, u), u_g = base_pair_geometry(u, g);
  ASSERT_TRUE(g_u && u_g);
  expect_near(values(*g_u), {-2.3, -0.4, 0.0, 0.0, 0.0, 0.0}, 1e-9);
  expect_near(values(*u_g), {2.3, -0.4, 0.0, 0.0, 0.0, 0.0}, 1e-9);
}

// Averages of A-form RNA in crystals (Olson et al. 2001, table 3): shear 0, stretch -0.1 to -0.2 Å, propeller -12°,
// opening 0 to 1°; wobble pairs G-U and U-G have shears of about -2.2 and +2.2 Å.
TEST(BasePairGeometry, PairsOfATrnaLieWhereThoseOfAFormRnaDo) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  const auto nucleotides = read_structure(path).chains.front().nucleotides;
  const std::vector<int> partner = refine_base_pairs(nucleotides);
  std::vector<double> shear, stretch, propeller, opening, wobble;
  for (int i = 0; i < static_cast<int>(partner.size()); ++i) {
    const int j = partner[i];
    if (j < i) continue;
    const Nucleotide &one = nucleotides[i], &other = nucleotides[j];
    const auto pair = base_pair_geometry(one, other);
    ASSERT_TRUE(pair);
    if (one.base == Base::G && other.base == Base::U) wobble.push_back(pair->shear);
    if (one.base == Base::U && other.base == Base::G) wobble.push_back(-pair->shear);
    if (watson_crick_bonds(one, other).formed < 2) continue;
    if ((one.base == Base::G && other.base == Base::U) || (one.base == Base::U && other.base == Base::G)) continue;
    shear.push_back(pair->shear);
    stretch.push_back(pair->stretch);
    propeller.push_back(pair->propeller / kDegree);
    opening.push_back(pair->opening / kDegree);
  }
  std::cout << "  " << shear.size() << " pairs, medians: shear " << median(shear) << ", stretch " << median(stretch)
            << " Å, propeller " << median(propeller) << "°, opening " << median(opening) << "°\n";
  EXPECT_GE(shear.size(), 10u);
  EXPECT_NEAR(median(shear), 0.0, 0.3);
  EXPECT_NEAR(median(stretch), -0.15, 0.15);
  EXPECT_NEAR(median(propeller), -10.0, 6.0);
  EXPECT_NEAR(median(opening), 0.0, 5.0);
  ASSERT_FALSE(wobble.empty());
  for (double value : wobble) EXPECT_NEAR(value, -2.2, 0.6);
}

}  // namespace
}  // namespace flashrna
