// Frames and psi of protein residues, and the atoms that both rebuild.
#include "protein/backbone.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "protein/amino_acid.h"
#include "tests/protein/synthetic_peptide.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

TEST(ProteinBackbone, FrameHasOriginCaXAlongCaCAndNAboveTheXAxis) {
  const ProteinResidue residue = synthetic_peptide("A", "AAA").residues[1];
  const RigidTransform frame = frame_of(residue);
  const auto local = [&](int slot) {
    return Vec3(frame.rotation.transpose() * (residue.atom(slot) - frame.translation));
  };
  EXPECT_LT((local(kCA)).norm(), 1e-12);
  EXPECT_LT((local(kC) - Vec3(1.526, 0, 0)).norm(), 1e-7);
  EXPECT_LT((local(kN) - Vec3(-0.525, 1.363, 0)).norm(), 1e-7);
  EXPECT_NEAR(frame.rotation.determinant(), 1.0, 1e-7);
}

// The torsion N-CA-C-N(next) of an alpha helix is -47°; psi from O has the same value and sign.
TEST(ProteinBackbone, PsiFromOIsTheTorsionToTheNextN) {
  for (const double psi : {-47.0, 135.0, 0.0, -179.0}) {
    const ProteinChain chain = synthetic_peptide("A", "AAAAAA", -57.0, psi);
    for (std::size_t i = 0; i + 1 < chain.residues.size(); ++i) {
      const ProteinResidue &one = chain.residues[i], &next = chain.residues[i + 1];
      const double to_n = dihedral(one.atom(kN), one.atom(kCA), one.atom(kC), next.atom(kN));
      const auto sin_cos = psi_of(one);
      ASSERT_TRUE(sin_cos);
      EXPECT_NEAR((*sin_cos)[0], std::sin(to_n), 1e-9) << psi;
      EXPECT_NEAR((*sin_cos)[1], std::cos(to_n), 1e-9) << psi;
      EXPECT_NEAR(std::remainder(to_n - psi * kDegree, 2 * std::numbers::pi), 0.0, 1e-9);
    }
  }
}

// In the helix, O of residue i accepts the hydrogen bond of N of residue i + 4: 2.9 Å. A wrong sign of psi gives 5 Å.
TEST(ProteinBackbone, RebuiltHelixHasItsHydrogenBonds) {
  const ProteinChain chain = synthetic_peptide("A", "AAAAAAAA");
  for (std::size_t i = 0; i + 4 < chain.residues.size(); ++i) {
    const auto rebuilt =
        rebuild_protein_backbone(frame_of(chain.residues[i]), {std::sin(-47 * kDegree), std::cos(-47 * kDegree)});
    EXPECT_NEAR((rebuilt[kO] - chain.residues[i + 4].atom(kN)).norm(), 2.9, 0.2);
    const Vec3 carbonyl = rebuilt[kO] - rebuilt[kC], next_n = chain.residues[i + 1].atom(kN) - rebuilt[kC];
    EXPECT_NEAR(carbonyl.norm(), 1.233, 1e-3);
    EXPECT_NEAR(std::acos(carbonyl.dot(next_n) / carbonyl.norm() / next_n.norm()) / kDegree, 123.0, 2.0);
  }
}

TEST(ProteinBackbone, RebuiltAtomsAreTheIdealOnesAtAnyPose) {
  const ProteinChain chain = synthetic_peptide("A", "MGYAC", -80.0, 120.0);
  const Mat3 turn = Eigen::AngleAxisd(1.1, Vec3(1, -2, 0.5).normalized()).toRotationMatrix();
  for (ProteinResidue residue : chain.residues) {
    for (Vec3& atom : residue.atoms) atom = turn * atom + Vec3(10, -20, 30);
    const ProteinResidue rebuilt = rebuild_residue(residue);
    EXPECT_EQ(rebuilt.atom_mask, residue.atom_mask);
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
      if (residue.has(slot)) {
        EXPECT_LT((rebuilt.atom(slot) - residue.atom(slot)).norm(), 1e-6) << residue.name << slot;
      }
    }
  }
}

TEST(ProteinBackbone, WithoutOPsiIsUndefinedAndWithoutNThereIsNoFrame) {
  ProteinResidue residue = synthetic_peptide("A", "A").residues[0];
  residue.atom_mask &= ~(1u << kO);
  EXPECT_FALSE(psi_of(residue));
  EXPECT_FALSE(rebuild_residue(residue).has(kO));
  residue.atom_mask &= ~(1u << kN);
  EXPECT_FALSE(residue.has_frame());
  EXPECT_EQ(message_of([&] { frame_of(residue); }),
            "residue ALA 1: no frame, because N, CA or C is missing or the three lie on one line; leave it out");
}

TEST(ProteinBackbone, BondIsCToNOrNearCaWhereOneIsMissing) {
  ProteinChain chain = synthetic_peptide("A", "AA");
  ProteinResidue &one = chain.residues[0], &next = chain.residues[1];
  EXPECT_TRUE(peptide_bonded(one, next));
  EXPECT_FALSE(bonded(next, one));
  EXPECT_NEAR((one.atom(kCA) - next.atom(kCA)).norm(), kCaCaDistance, 0.02);
  ProteinResidue moved = next;
  for (Vec3& atom : moved.atoms) atom += Vec3(0.8, 0.8, 0.8);
  EXPECT_FALSE(bonded(one, moved));
  next.atom_mask &= ~(1u << kN);
  EXPECT_FALSE(peptide_bonded(one, next));
  EXPECT_TRUE(bonded(one, next));
}

TEST(AminoAcids, NamesHaveTheirParents) {
  EXPECT_EQ(kAminoAcidLetters.size(), static_cast<std::size_t>(AminoAcid::kUnknown) + 1);
  for (const char letter : kAminoAcidLetters.substr(0, 20)) {
    const AminoAcid type = amino_acid_of_letter(letter);
    EXPECT_EQ(amino_acid_letter(type), letter);
    const AminoAcidIdentity identity = identify_amino_acid(std::string(amino_acid_name(type)));
    EXPECT_TRUE(identity.is_amino_acid);
    EXPECT_EQ(identity.parent, type);
    EXPECT_TRUE(is_unmodified_amino_acid(std::string(amino_acid_name(type))));
  }
  const auto letter_of = [](const std::string& name) {
    const AminoAcidIdentity identity = identify_amino_acid(name);
    return identity.is_amino_acid ? amino_acid_letter(identity.parent) : '-';
  };
  for (const auto& [name, letter] :
       {std::pair("MSE", 'M'), std::pair("SEP", 'S'), std::pair("TPO", 'T'), std::pair("HYP", 'P'),
        std::pair("DAL", 'A'), std::pair("SEC", 'C'), std::pair("PYL", 'K'), std::pair("HIE", 'H'),
        std::pair("CYX", 'C'), std::pair("hsd", 'H'), std::pair("Ala", 'A'), std::pair("UNK", 'X'),
        std::pair("ASX", 'X'), std::pair("GTP", '-'), std::pair("A", '-'), std::pair("HOH", '-'), std::pair("ACE", '-'),
        std::pair("", '-')}) {
    EXPECT_EQ(letter_of(name), letter) << name;
  }
  EXPECT_TRUE(is_unmodified_amino_acid("HIP"));
  EXPECT_FALSE(is_unmodified_amino_acid("MSE"));
  EXPECT_FALSE(is_unmodified_amino_acid("UNK"));
}

}  // namespace
}  // namespace flashrna
