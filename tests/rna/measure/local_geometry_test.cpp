#include "rna/measure/local_geometry.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <set>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "rna/torsion.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

double value(std::string_view name, const Chain& chain, std::size_t i) {
  return measure(local_measure(name), chain.nucleotides, i);
}

TEST(Geometry, AngleAndDihedralOfFourCornersOfACube) {
  const Vec3 a(1, 0, 0), b(0, 0, 0), c(0, 1, 0), d(0, 1, 1);
  EXPECT_DOUBLE_EQ(angle(a, b, c), std::numbers::pi / 2);
  // Viewed along b->c, the rotation from `a` to `d` is counterclockwise: negative.
  EXPECT_DOUBLE_EQ(dihedral(a, b, c, d), -std::numbers::pi / 2);
  EXPECT_DOUBLE_EQ(dihedral(d, c, b, a), -std::numbers::pi / 2);
  EXPECT_TRUE(std::isnan(angle(a, a, b)));
  EXPECT_TRUE(std::isnan(dihedral(a, b, -a, d)));
}

TEST(Geometry, RadiusOfGyrationOfTwoPointsIsHalfTheirDistance) {
  const std::vector<Vec3> points{{1, 2, 3}, {1, 2, 13}};
  EXPECT_DOUBLE_EQ(radius_of_gyration(points), 5.0);
  EXPECT_THROW(radius_of_gyration({}), Error);
}

TEST(LocalGeometry, DihedralAgreesWithTheFrameTorsions) {
  const Chain chain = synthetic_chain("A", "GACU");
  for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
    const Torsions torsions = torsions_of(chain.nucleotides[i]);
    const auto& delta = torsions.sin_cos[3];
    EXPECT_NEAR(value("delta", chain, i), std::atan2(delta[0], delta[1]), 1e-7);
  }
}

TEST(LocalGeometry, IdealLengthsAndLinksAreMeasured) {
  const Chain chain = synthetic_chain("A", "GACU");
  EXPECT_NEAR(value("C4'-O4'", chain, 1), 1.4505, 1e-12);
  EXPECT_NEAR(value("C2'-O2'", chain, 1), 1.41, 1e-12);
  EXPECT_NEAR(value("O3'-P", chain, 1), 1.6, 1e-9);
  EXPECT_TRUE(std::isnan(value("O3'-P", chain, 3))) << "the last residue has no next one";
  EXPECT_TRUE(std::isnan(value("alpha", chain, 0))) << "the first residue has no previous one";
  EXPECT_FALSE(std::isnan(value("alpha", chain, 1)));
}

TEST(LocalGeometry, NothingIsMeasuredAcrossAJumpOfResidueIndex) {
  Chain chain = synthetic_chain("A", "GACUGACU");
  for (std::size_t i = 4; i < 8; ++i) chain.nucleotides[i].residue_index += 1;
  for (const LocalMeasure& m : local_measures()) {
    for (std::size_t i = 0; i < 8; ++i) {
      bool crosses = false;
      for (const MeasuredAtom& atom : m.atoms) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(i) + atom.residue;
        crosses = crosses || at < 0 || at >= 8 || (at < 4) != (i < 4);
      }
      EXPECT_EQ(std::isnan(measure(m, chain.nucleotides, i)), crosses) << m.name << " at " << i;
    }
  }
}

TEST(LocalGeometry, AMissingAtomTakesAwayExactlyTheMeasuresThatNeedIt) {
  Chain chain = synthetic_chain("A", "GACU");
  chain.nucleotides[2].atom_mask &= ~(1u << kP);
  EXPECT_TRUE(std::isnan(value("O3'-P", chain, 1)));
  EXPECT_TRUE(std::isnan(value("epsilon", chain, 1)));
  EXPECT_TRUE(std::isnan(value("beta", chain, 2)));
  EXPECT_FALSE(std::isnan(value("gamma", chain, 2)));
  EXPECT_FALSE(std::isnan(value("C4'-C4'", chain, 1)));
}

TEST(LocalGeometry, ChiEndsAtTheAtomOfItsBase) {
  Chain chain = synthetic_chain("A", "GUUN");
  modify(chain, 2, "PSU");
  chain.nucleotides[2].set(atom_slot(Base::U, "C2"), chain.nucleotides[2].atoms[kGlycosidicNitrogen] + Vec3(0, 0, 2.5));
  for (const auto& [i, name] : {std::pair{0, "C4"}, {1, "C2"}, {2, "C4"}}) {
    Nucleotide& nucleotide = chain.nucleotides[static_cast<std::size_t>(i)];
    const auto& atoms = nucleotide.atoms;
    // The synthetic base is a straight line along the glycosidic bond; moves the atom to a position with a defined
    // torsion.
    nucleotide.set(atom_slot(nucleotide.base, name), atoms[kGlycosidicNitrogen] + Vec3(0.3, 1.1, -0.7));
    const double expected = dihedral(atoms[kO4], atoms[kC1], atoms[kGlycosidicNitrogen],
                                     atoms[static_cast<std::size_t>(atom_slot(nucleotide.base, name))]);
    EXPECT_EQ(value("chi", chain, static_cast<std::size_t>(i)), expected) << i;
  }
  EXPECT_TRUE(std::isnan(value("chi", chain, 3))) << "no base, no chi";
}

TEST(LocalGeometry, RigidMotionsChangeNothing) {
  const Chain chain = synthetic_chain("A", "NNNNNNNN");  // no bases: the synthetic ones are collinear and have no chi
  Chain moved = chain;
  RigidTransform motion;
  motion.rotation = Eigen::AngleAxisd(1.1, Vec3(0.3, -0.5, 0.8).normalized());
  motion.translation = Vec3(10, -20, 30);
  for (Nucleotide& nucleotide : moved.nucleotides) {
    for (Vec3& atom : nucleotide.atoms) atom = motion * atom;
  }
  for (const LocalMeasure& m : local_measures()) {
    for (std::size_t i = 0; i < 8; ++i) {
      const double before = measure(m, chain.nucleotides, i);
      if (!std::isnan(before)) {
        EXPECT_NEAR(std::remainder(measure(m, moved.nucleotides, i) - before, 2 * std::numbers::pi), 0.0, 1e-11)
            << m.name;
      }
    }
  }
}

TEST(LocalGeometry, NamesAreDistinctAndUnknownOnesAreRefused) {
  std::set<std::string_view> names;
  for (const LocalMeasure& m : local_measures()) EXPECT_TRUE(names.insert(m.name).second) << m.name;
  EXPECT_THROW(local_measure("rho"), Error);
}

TEST(LocalGeometry, TorsionsAreComparedOnTheCircle) {
  const std::vector<double> a{179.0 * kDegree};
  const std::vector<double> b{-179.0 * kDegree};
  EXPECT_NEAR(distribution_distance(local_measure("epsilon"), a, b), 2.0 * kDegree, 1e-12);
  EXPECT_NEAR(distribution_distance(local_measure("O3'-P-O5'"), a, b), 358.0 * kDegree, 1e-12);
}

// The file restrains lengths and angles to those of Gelbin et al. 1996 and Parkinson et al. 1996. The medians of the
// torsions are those of A-form, which most nucleotides of a ribosome have.
TEST(LocalGeometry, MediansOfARibosomeAreThoseOfARNA) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/large/4V5A_copy1_16S_23S_5S.cif.gz");
  LocalGeometry geometry;
  std::size_t n = 0;
  for (const Chain& chain : read_structure(path).chains) {
    geometry.add(chain.nucleotides);
    n += chain.nucleotides.size();
  }
  struct Expected {
    const char* name;
    double median, allowed;
  };
  const Expected table[] = {
      {"C4'-C4'", 6.0, 0.25},
      {"P-O5'", 1.593, 0.01},
      {"C3'-O3'", 1.42, 0.01},
      {"O3'-P", 1.607, 0.01},
      {"C3'-O3'-P", 119.7 * kDegree, 2 * kDegree},
      {"O3'-P-O5'", 104.0 * kDegree, 2 * kDegree},
      {"delta", 82.0 * kDegree, 5 * kDegree},
      {"gamma", 54.0 * kDegree, 6 * kDegree},
      {"zeta", -70.0 * kDegree, 8 * kDegree},
      {"chi", -160.0 * kDegree, 8 * kDegree},
  };
  for (const Expected& expected : table) {
    std::vector<double> values = geometry.of(expected.name);
    ASSERT_GT(values.size(), n * 9 / 10) << expected.name;
    std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
    const double median = values[values.size() / 2];
    std::cout << "  " << expected.name << ": " << values.size() << " values, median "
              << (local_measure(expected.name).kind == MeasureKind::kDistance ? median : median / kDegree) << "\n";
    EXPECT_NEAR(median, expected.median, expected.allowed) << expected.name;
  }
}

}  // namespace
}  // namespace flashrna
