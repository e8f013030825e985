// Bases on a sampled backbone: where they are placed, and what their relaxation changes and preserves.
#include "libfold/backbone/base_relaxation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "libfold/backbone/base_atoms.h"
#include "libfold/sampling/symmetry.h"
#include "libfold/symmetric_copies.h"
#include "rna/all_atoms.h"
#include "rna/backbone.h"
#include "rna/chi.h"
#include "rna/frame.h"
#include "rna/io/structure_reader.h"
#include "rna/measure/clashes.h"
#include "rna/pairs/refined_base_pairs.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

constexpr std::array<Base, 5> kBases = {Base::A, Base::C, Base::G, Base::U, Base::N};

// One strand of a duplex after the other, with their pairs.
struct Duplex {
  SampledBackbone backbone;
  std::vector<Base> bases;
  std::vector<int> partner, residue_index;
};

Duplex read_duplex() {
  Duplex duplex;
  std::vector<Nucleotide> nucleotides;
  for (const Chain& chain : read_structure(std::string(FLASHRNA_TEST_DATA) + "/structures/duplex.pdb").chains) {
    for (Nucleotide nucleotide : chain.nucleotides) {
      nucleotide.chain_in_structure = chain.id == "A" ? 0 : 1;
      nucleotides.push_back(nucleotide);
      duplex.backbone.frames.push_back(frame_of(nucleotide));
      const auto torsions = torsions_of(nucleotide).sin_cos;
      duplex.backbone.torsions.insert(duplex.backbone.torsions.end(), torsions.begin(), torsions.end());
      duplex.backbone.chi.push_back(chi_of(nucleotide).value());
      duplex.bases.push_back(nucleotide.base);
      duplex.residue_index.push_back(nucleotide.residue_index + 100 * nucleotide.chain_in_structure);
    }
  }
  duplex.partner = refine_base_pairs(nucleotides);
  return duplex;
}

// All atoms of a duplex's backbone.
std::vector<Nucleotide> nucleotides_of(const SampledBackbone& backbone, const Duplex& duplex) {
  std::vector<Nucleotide> nucleotides =
      make_all_atom_structure(backbone, "duplex", duplex.bases).chains.front().nucleotides;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) nucleotides[i].residue_index = duplex.residue_index[i];
  return nucleotides;
}

int bonds_formed(const std::vector<Nucleotide>& nucleotides, const std::vector<int>& partner) {
  int formed = 0;
  for (std::size_t i = 0; i < partner.size(); ++i)
    if (partner[i] > static_cast<int>(i))
      formed += watson_crick_bonds(nucleotides[i], nucleotides[static_cast<std::size_t>(partner[i])]).formed;
  return formed;
}

// The duplex with errors of frames and chi.
SampledBackbone disturbed(SampledBackbone backbone) {
  std::mt19937 engine(3);
  std::normal_distribution<double> normal;
  for (RigidTransform& frame : backbone.frames)
    frame.translation += 0.8 * Vec3(normal(engine), normal(engine), normal(engine));
  for (auto& chi : backbone.chi) {
    const double angle = std::atan2(chi[0], chi[1]) + 0.9 * normal(engine);
    chi = {std::sin(angle), std::cos(angle)};
  }
  return backbone;
}

BaseRelaxation relaxation_of(const Duplex& duplex, int rounds) {
  return {.bases = duplex.bases,
          .partner = duplex.partner,
          .residue_index = duplex.residue_index,
          .fixed = {},
          .rounds = rounds};
}

TEST(BaseAtoms, AreThoseOfPlaceBase) {
  const auto L = static_cast<int64_t>(kBases.size());
  const at::Tensor backbone =
      at::sin(at::arange(L * kBackboneAtoms * 3, at::kDouble) * 1.7).view({1, L, kBackboneAtoms, 3}) * 4;
  const at::Tensor angles = at::arange(L, at::kDouble) * 1.1, letters = at::arange(L, at::kLong).unsqueeze(0);
  const at::Tensor placed = place_bases(backbone, at::stack({angles.sin(), angles.cos()}, 1).unsqueeze(0), letters);
  ASSERT_EQ(placed.sizes(), (at::IntArrayRef{1, L, kAtomSlots - kBackboneAtoms, 3}));
  const auto x = backbone.accessor<double, 4>(), got = placed.accessor<double, 4>();
  for (int64_t i = 0; i < L; ++i) {
    std::array<Vec3, kAtomSlots> atoms = Nucleotide::zero_atoms();
    for (int slot = 0; slot < kBackboneAtoms; ++slot)
      atoms[slot] = {x[0][i][slot][0], x[0][i][slot][1], x[0][i][slot][2]};
    const double angle = 1.1 * static_cast<double>(i);
    place_base(kBases[i], {std::sin(angle), std::cos(angle)}, atoms);
    for (int slot = kBackboneAtoms; slot < kAtomSlots; ++slot) {
      const Vec3 expected = atom_name(kBases[i], slot).empty() ? atoms[kGlycosidicNitrogen] : atoms[slot];
      for (int d = 0; d < 3; ++d) EXPECT_NEAR(got[0][i][slot - kBackboneAtoms][d], expected[d], 1e-7);
    }
  }
}

TEST(BaseRelaxation, RemovesClashesAndFormsTheHydrogenBondsOfTheGivenPairs) {
  const Duplex duplex = read_duplex();
  const int bonds = bonds_formed(nucleotides_of(duplex.backbone, duplex), duplex.partner);
  ASSERT_GE(bonds, 10);
  const SampledBackbone start = disturbed(duplex.backbone);
  const auto before = nucleotides_of(start, duplex);
  const auto after = nucleotides_of(relaxed_with_bases(start, relaxation_of(duplex, 200)), duplex);
  EXPECT_LT(bonds_formed(before, duplex.partner), bonds / 2);
  EXPECT_EQ(bonds_formed(after, duplex.partner), bonds);
  EXPECT_GT(find_clashes(before, ClashAtoms::kAll).pairs, 10);
  EXPECT_LE(find_clashes(after, ClashAtoms::kAll).pairs, 3);
}

TEST(BaseRelaxation, KeepsFixedResiduesAndAllWithoutNamedBases) {
  Duplex duplex = read_duplex();
  const SampledBackbone start = disturbed(duplex.backbone);
  std::vector<char> fixed(duplex.bases.size(), 0);
  fixed[2] = fixed[5] = 1;
  BaseRelaxation relaxation = relaxation_of(duplex, 5);
  relaxation.fixed = fixed;
  const SampledBackbone moved = relaxed_with_bases(start, relaxation);
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const double shift = (moved.frames[i].translation - start.frames[i].translation).norm();
    const double turn = std::abs(moved.chi[i][0] - start.chi[i][0]) + std::abs(moved.chi[i][1] - start.chi[i][1]);
    if (fixed[i] != 0) {
      EXPECT_LT(shift, 1e-12);
      EXPECT_LT(turn, 1e-12);
    } else {
      EXPECT_GT(shift, 1e-3);
      EXPECT_GT(turn, 1e-5);
    }
  }
  std::ranges::fill(duplex.bases, Base::N);
  const SampledBackbone unnamed = relaxed_with_bases(start, relaxation_of(duplex, 5));
  EXPECT_EQ(unnamed.frames[0].translation, start.frames[0].translation);
  EXPECT_EQ(unnamed.chi, start.chi);
}

// Two copies whose backbones and bases overlap, relaxed as a unit and as one molecule.
TEST(BaseRelaxation, OfAUnitIsThatOfTheWholeAssembly) {
  const Duplex duplex = read_duplex();
  const RotationGroup group = rotation_group("C2");
  SampledBackbone unit = duplex.backbone;
  Vec3 center = Vec3::Zero();
  for (const RigidTransform& frame : unit.frames) center += frame.translation / static_cast<double>(unit.frames.size());
  for (RigidTransform& frame : unit.frames) frame.translation += Vec3(8, 0, 0) - center;
  std::vector<int> index = duplex.residue_index;
  for (const int i : duplex.residue_index) index.push_back(i + 500);
  const std::vector<int> whole_partner = partners_of_copies(duplex.partner, group);
  std::vector<Base> whole_bases = duplex.bases;
  whole_bases.insert(whole_bases.end(), duplex.bases.begin(), duplex.bases.end());
  const auto n = static_cast<int>(duplex.bases.size());
  const SymmetricCopies copies(group.rotations, group.product, {n}, at::kCPU);
  BaseRelaxation relaxation = relaxation_of(duplex, 30);
  const SampledBackbone alone = relaxed_with_bases(unit, relaxation);
  relaxation.copies = &copies;
  const SampledBackbone together = assembly_of(relaxed_with_bases(unit, relaxation), group);
  const SampledBackbone whole = relaxed_with_bases(
      assembly_of(unit, group),
      {.bases = whole_bases, .partner = whole_partner, .residue_index = index, .fixed = {}, .rounds = 30});
  double moved = 0.0;
  for (std::size_t i = 0; i < whole.frames.size(); ++i) {
    EXPECT_LE((together.frames[i].translation - whole.frames[i].translation).norm(), 1e-3) << i;
    if (i < alone.frames.size())
      moved = std::max(moved, (together.frames[i].translation - alone.frames[i].translation).norm());
  }
  EXPECT_GT(moved, 0.1) << "the copies do not touch";
}

TEST(BaseRelaxation, NeedsChiAndOneValueForEachResidue) {
  Duplex duplex = read_duplex();
  BaseRelaxation relaxation = relaxation_of(duplex, 5);
  relaxation.bases = relaxation.bases.first(3);
  EXPECT_THROW(relaxed_with_bases(duplex.backbone, relaxation), Error);
  duplex.backbone.chi.clear();
  EXPECT_THROW(relaxed_with_bases(duplex.backbone, relaxation_of(duplex, 5)), Error);
}

}  // namespace
}  // namespace flashrna
