#include "rna/backbone.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <cmath>
#include <iostream>
#include <random>

#include "base/error.h"
#include "rna/frame.h"

namespace flashrna {
namespace {

struct RandomPose {
  RigidTransform frame;
  std::array<std::array<double, 2>, kTorsions> sin_cos;
};

std::vector<RandomPose> random_poses(int count) {
  std::mt19937_64 generator(20240607);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> angle(-M_PI, M_PI);
  std::vector<RandomPose> poses(static_cast<std::size_t>(count));
  for (RandomPose& pose : poses) {
    const Eigen::Quaterniond turn(normal(generator), normal(generator), normal(generator), normal(generator));
    pose.frame.rotation = turn.normalized().toRotationMatrix();
    pose.frame.translation = 50.0 * Vec3(normal(generator), normal(generator), normal(generator));
    for (auto& [sin, cos] : pose.sin_cos) {
      const double value = angle(generator);
      sin = std::sin(value);
      cos = std::cos(value);
    }
  }
  return poses;
}

Nucleotide rebuilt(const RandomPose& pose) {
  Nucleotide nucleotide;
  const auto atoms = rebuild_backbone(pose.frame, pose.sin_cos);
  for (int slot = 0; slot < kBackboneAtoms; ++slot) nucleotide.set(slot, atoms[slot]);
  return nucleotide;
}

TEST(Backbone, FrameToAtomsToFrameIsTheIdentity) {
  double worst = 0.0;
  for (const RandomPose& pose : random_poses(2000)) {
    const RigidTransform frame = frame_of(rebuilt(pose));
    worst = std::max({worst, (frame.rotation - pose.frame.rotation).cwiseAbs().maxCoeff(),
                      (frame.translation - pose.frame.translation).cwiseAbs().maxCoeff()});
  }
  std::cout << "  largest error " << worst << "\n";
  EXPECT_LE(worst, 1e-8);
}

TEST(Backbone, TorsionsToAtomsToTorsionsIsTheIdentity) {
  double worst = 0.0;
  for (const RandomPose& pose : random_poses(2000)) {
    const Torsions torsions = torsions_of(rebuilt(pose));
    ASSERT_EQ(torsions.mask, 0xff);
    for (int k = 0; k < kTorsions; ++k) {
      for (int part = 0; part < 2; ++part) {
        worst = std::max(worst, std::abs(torsions.sin_cos[k][part] - pose.sin_cos[k][part]));
      }
    }
  }
  std::cout << "  largest error " << worst << "\n";
  EXPECT_LE(worst, 1e-8);
}

TEST(Backbone, IdealGroupsAreProperRotationsToRounding) {
  const BackboneGeometry& ideal = ideal_backbone_geometry();
  for (int g = 0; g < kRigidGroups; ++g) {
    const Mat3& rotation = ideal.to_parent[g].rotation;
    EXPECT_LE((rotation.transpose() * rotation - Mat3::Identity()).cwiseAbs().maxCoeff(), 4e-16) << "group " << g;
    EXPECT_GT(rotation.determinant(), 0.0) << "group " << g;
    EXPECT_LT(ideal.parent[g], g);
  }
  EXPECT_TRUE(ideal.position[kC4] == Vec3::Zero());
}

// Bond lengths of RNA (Gelbin et al. 1996), for any torsions.
TEST(Backbone, RebuiltBondsHaveTheirIdealLengths) {
  struct Bond {
    int from, to;
    double length;
  };
  constexpr Bond kBonds[] = {{kC4, kC5, 1.51},  {kC5, kO5, 1.425}, {kO5, kP, 1.593},  {kP, kOP1, 1.485},
                             {kP, kOP2, 1.485}, {kC4, kO4, 1.451}, {kO4, kC1, 1.414}, {kC4, kC3, 1.524},
                             {kC3, kO3, 1.421}, {kC3, kC2, 1.525}, {kC2, kO2, 1.413}, {kC1, kGlycosidicNitrogen, 1.47}};
  for (const RandomPose& pose : random_poses(100)) {
    const Nucleotide nucleotide = rebuilt(pose);
    for (const Bond& bond : kBonds) {
      const double length = (nucleotide.atoms[bond.from] - nucleotide.atoms[bond.to]).norm();
      EXPECT_NEAR(length, bond.length, 0.02) << atom_name(Base::N, bond.from) << "-" << atom_name(Base::N, bond.to);
    }
  }
}

TEST(Backbone, O2MakesTetrahedralAnglesOnItsNaturalSide) {
  // C3'-endo ribose, viewed from above the ring: C1', C2', C3' clockwise, O2' below.
  const Vec3 c2(0.0, 0.0, 0.0);
  const double half = 0.5 * 101.5 * M_PI / 180.0;
  const Vec3 c1 = 1.53 * Vec3(std::sin(half), std::cos(half), 0.0);
  const Vec3 c3 = 1.525 * Vec3(-std::sin(half), std::cos(half), 0.0);
  const Vec3 o2 = place_o2(c1, c2, c3);
  EXPECT_NEAR((o2 - c2).norm(), 1.41, 1e-12);
  const auto angle_to = [&](const Vec3& x) { return std::acos(o2.dot(x) / (o2.norm() * x.norm())) * 180.0 / M_PI; };
  EXPECT_NEAR(angle_to(c1), 109.5, 0.5);
  EXPECT_NEAR(angle_to(c3), 109.5, 0.5);
  EXPECT_LT(o2.dot(c1.cross(c3)), 0.0);
}

TEST(Backbone, ARebuiltNucleotideIsThatOfItsFrameAndTorsions) {
  double worst = 0.0;
  for (const RandomPose& pose : random_poses(50)) {
    const Nucleotide original = rebuilt(pose), again = rebuild_nucleotide(original);
    EXPECT_EQ(again.atom_mask, (1u << kBackboneAtoms) - 1u);
    for (int slot = 0; slot < kBackboneAtoms; ++slot)
      worst = std::max(worst, (again.atoms[slot] - original.atoms[slot]).norm());
  }
  std::cout << "  largest error " << worst << " Å\n";
  EXPECT_LE(worst, 1e-6);
}

TEST(Backbone, ARebuiltNucleotideLacksWhatUndefinedTorsionsPlace) {
  const Nucleotide whole = rebuilt(random_poses(1).front());
  const auto lost_without = [&](int missing) {
    Nucleotide nucleotide = whole;
    nucleotide.atom_mask &= ~(1u << missing);
    std::vector<std::string> lost;
    const Nucleotide again = rebuild_nucleotide(nucleotide);
    for (int slot = 0; slot < kBackboneAtoms; ++slot)
      if (!again.has(slot)) lost.emplace_back(atom_name(Base::A, slot));
    return lost;
  };
  EXPECT_EQ(lost_without(kOP1), std::vector<std::string>{"OP1"});
  EXPECT_EQ(lost_without(kP), (std::vector<std::string>{"P", "OP1", "OP2"}));
  EXPECT_EQ(lost_without(kO2), std::vector<std::string>{}) << "it stands by ideal geometry";
  EXPECT_EQ(lost_without(kC1), (std::vector<std::string>{"O2'", "C1'", "N9"}));
}

TEST(Torsion, UndefinedTorsionsAreMaskedAndNeutral) {
  Nucleotide nucleotide = rebuilt(random_poses(1).front());
  nucleotide.atom_mask &= ~(1u << kP);
  const Torsions torsions = torsions_of(nucleotide);
  EXPECT_EQ(torsions.mask, 0b00011111);  // beta, alpha1, alpha2 need P
  for (int k = 5; k < kTorsions; ++k) EXPECT_EQ(torsions.sin_cos[k], (std::array<double, 2>{0.0, 1.0}));
}

TEST(Torsion, SignIsThatOfIupac) {
  // Viewed along b -> c, d is a quarter turn clockwise from a: +90°.
  const auto [sin, cos] = dihedral_sin_cos(Vec3(0, 1, 0), Vec3(0, 0, 0), Vec3(1, 0, 0), Vec3(1, 0, 1));
  EXPECT_NEAR(sin, 1.0, 1e-8);
  EXPECT_NEAR(cos, 0.0, 1e-8);
}

TEST(Frame, NucleotideWithoutItsThreeAtomsIsRefused) {
  Nucleotide nucleotide = rebuilt(random_poses(1).front());
  nucleotide.atom_mask &= ~(1u << kO4);
  EXPECT_FALSE(nucleotide.has_frame());
  EXPECT_THROW(frame_of(nucleotide), Error);
}

}  // namespace
}  // namespace flashrna
