#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"
#include "libfold/backbone/relaxation.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/batch.h"
#include "libfold/flow/igso3.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "tests/libfold/ideal_protein.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

const PolymerBackbone& kBackbone = backbone_of(Polymer::kProtein);

// Atoms of every residue, f64: [B, L, 5, 3].
Tensor atoms_of(const Batch& batch) {
  return kBackbone.place(batch.rotations.to(at::kDouble), batch.translations.to(at::kDouble),
                         batch.torsions.to(at::kDouble), kBackbone.all_slots());
}

TEST(ProteinBackbone, BatchHasOneTorsionAndNoPairs) {
  const Batch batch = make_batch({ideal_helix(5), ideal_hairpin(4)}, {"a", "b"});
  EXPECT_EQ(batch.polymer, Polymer::kProtein);
  EXPECT_EQ(batch.torsions.sizes(), (std::vector<int64_t>{2, 12, 1, 2}));
  EXPECT_EQ(batch.torsion_mask.sizes(), (std::vector<int64_t>{2, 12, 1}));
  EXPECT_EQ(batch.torsion_mask.sum().item<int64_t>(), 17);
  EXPECT_EQ(batch.chi_mask.sum().item<int64_t>(), 0);
  EXPECT_TRUE((batch.partner < 0).all().item<bool>());
  ChainFeatures rna = ideal_helix(3);
  rna.polymer = Polymer::kRna;
  EXPECT_THROW(make_batch({ideal_helix(5), rna}, {"a", "b"}), Error);
}

TEST(ProteinBackbone, TensorsPlaceAtomsAsPlainNumbersDo) {
  RandomStream stream(1, "test");
  const Tensor rotations = sample_uniform_rotations(20, stream), translations = stream.normal({20, 3}) * 30;
  const Tensor angles = stream.uniform({20}) * (2 * std::numbers::pi);
  const Tensor torsions = at::stack({angles.sin(), angles.cos()}, 1).unsqueeze(1);
  const Tensor got = kBackbone.place(rotations, translations, torsions, {kO, kN, kCA, kC, kCB});
  for (int i = 0; i < 20; ++i) {
    RigidTransform frame;
    for (int row = 0; row < 3; ++row) {
      frame.translation[row] = translations[i][row].item<double>();
      for (int column = 0; column < 3; ++column) frame.rotation(row, column) = rotations[i][row][column].item<double>();
    }
    const auto expected =
        rebuild_protein_backbone(frame, {torsions[i][0][0].item<double>(), torsions[i][0][1].item<double>()});
    int place = 0;
    for (const int slot : {kO, kN, kCA, kC, kCB}) {
      for (int d = 0; d < 3; ++d)
        EXPECT_NEAR(got[i][place][d].item<double>(), expected[static_cast<std::size_t>(slot)][d], 1e-12);
      ++place;
    }
  }
}

// Values of the alpha helix: rise 1.5 Å per residue and 3.6 residues per turn; the oxygen of residue i accepts a
// hydrogen bond of the nitrogen of residue i + 4, 2.9 Å away, which a wrong sign of psi does not give.
TEST(ProteinBackbone, OxygenOfAHelixReachesTheNitrogenFourResiduesOn) {
  const Tensor atoms = atoms_of(make_batch({ideal_helix(20)}, {"helix"}))[0];  // [L, 5, 3]
  const Tensor o = atoms.select(1, kO), n = atoms.select(1, kN), ca = atoms.select(1, kCA);
  const Tensor bonds = (o.narrow(0, 0, 16) - n.narrow(0, 4, 16)).norm(2, 1);
  EXPECT_LT(bonds.max().item<double>(), 3.3);
  EXPECT_GT(bonds.min().item<double>(), 2.6);
  EXPECT_NEAR((ca[19] - ca[1]).norm().item<double>(), 18 * 1.5, 2.0);
  const Tensor neighbors = (ca.narrow(0, 1, 19) - ca.narrow(0, 0, 19)).norm(2, 1);
  EXPECT_NEAR(neighbors.mean().item<double>(), kCaCaDistance, 0.05);
}

TEST(ProteinBackbone, LinksOfAnIdealChainAreIdeal) {
  const Tensor atoms = atoms_of(make_batch({ideal_hairpin(8)}, {"hairpin"}));
  const BackboneLink& ideal = kBackbone.link();
  std::vector<Tensor> a;
  for (const int slot : ideal.slots) a.push_back(atoms.select(2, slot));
  const LinkGeometry link = link_geometry(a[1], a[2], a[3], a[4]);
  EXPECT_NEAR((link.length - ideal.length).abs().max().item<double>(), 0, 1e-4);
  EXPECT_NEAR((link.cosine_before - std::cos(ideal.angle_before)).abs().max().item<double>(), 0, 1e-4);
  EXPECT_NEAR((link.cosine_after - std::cos(ideal.angle_after)).abs().max().item<double>(), 0, 1e-4);
  const Tensor torsions = link_torsions(a[0], a[1], a[2], a[3], a[4], a[5])[0];  // psi, omega, phi
  const auto degrees = [&](int residue, int k) {
    return std::atan2(torsions[residue][k][0].item<double>(), torsions[residue][k][1].item<double>()) * 180 /
           std::numbers::pi;
  };
  EXPECT_NEAR(degrees(2, 0), -47, 0.1);
  EXPECT_NEAR(std::abs(degrees(2, 1)), 180, 0.1);
  EXPECT_NEAR(degrees(2, 2), -57, 0.1);
}

TEST(ProteinBackbone, OxygenAloneNeedsPsi) {
  const Tensor defined = at::tensor({1, 0}).to(at::kBool).view({2, 1});
  const Tensor placed = kBackbone.placed(defined, kBackbone.all_slots());
  EXPECT_EQ(placed[0].sum().item<int64_t>(), 5);
  EXPECT_EQ(placed[1].sum().item<int64_t>(), 4);
  EXPECT_FALSE(placed[1][kO].item<bool>());
}

// A helix has no clash, and one that passes through another has; both versions agree, and so does the gradient.
TEST(ProteinBackbone, OverlapsCountBetweenChainsAndNotWithinAHelix) {
  const Batch helix = make_batch({ideal_helix(10)}, {"helix"});
  const Tensor mask = at::ones({1, 10, 5}, at::kBool);
  const StericOptions options{.margin = 0.0, .polymer = Polymer::kProtein};
  const Tensor atoms = atoms_of(helix);
  EXPECT_EQ(steric_overlap(atoms, mask, helix.residue_index, helix.lengths, options).item<double>(), 0.0);

  const Tensor both = at::cat({atoms, atoms + at::tensor({2.5, 1.0, 0.5}, at::kDouble)}, 1);
  const Tensor index = at::cat({helix.residue_index, helix.residue_index + 500}, 1), lengths = at::tensor({20L});
  const Tensor all = at::ones({1, 20, 5}, at::kBool);
  const StericOptions near{.margin = 0.2, .neighbors = 19, .polymer = Polymer::kProtein};
  const Tensor overlap = steric_overlap(both, all, index, lengths, near);
  EXPECT_GT(overlap.item<double>(), 1.0);
  expect_close("in blocks", steric_overlap_in_blocks(both, all, index, lengths, near), overlap, 1e-12);
  EXPECT_LE(gradient_error([&](const Tensor& x) { return steric_overlap(x, all, index, lengths, near).sum(); }, both),
            1e-6);
}

TEST(ProteinBackbone, RelaxationClosesStretchedLinks) {
  const Batch batch = make_batch({ideal_helix(12)}, {"helix"});
  FlowModelOutput stretched{batch.translations * 1.1, batch.rotations, batch.torsions, {}, {}};
  const auto error_of = [&](const FlowModelOutput& x) {
    const auto a = kBackbone.place(x.rotations, x.translations, x.torsions, {kCA, kC, kN, kCA}).unbind(2);
    return (link_geometry(a[0], a[1], a[2], a[3]).length - kPeptideBond).abs().mean().item<double>();
  };
  const double before = error_of(stretched);
  const double after = error_of(relaxed(stretched, batch.lengths, {.polymer = Polymer::kProtein, .rounds = 100}));
  EXPECT_GT(before, 0.1);
  EXPECT_LT(after, 0.2 * before);
}

TEST(ProteinBackbone, SampledStructureHasTheAtomsOfItsFramesAndPsi) {
  SampledBackbone backbone;
  backbone.polymer = Polymer::kProtein;
  backbone.frames.resize(3, RigidTransform{});
  backbone.torsions = {{0.6, 0.8}, {0, 1}, {-1, 0}};
  const ProteinStructure structure = make_protein_structure(backbone, "x");
  ASSERT_EQ(structure.chains[0].residues.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const ProteinResidue& residue = structure.chains[0].residues[i];
    EXPECT_EQ(residue.name, "ALA");
    EXPECT_EQ(residue.atom_mask, 31u);
    const auto psi = psi_of(residue);
    ASSERT_TRUE(psi);
    EXPECT_NEAR((*psi)[0], backbone.torsions[i][0], 1e-12);
    EXPECT_NEAR((*psi)[1], backbone.torsions[i][1], 1e-12);
  }
  backbone.torsions.pop_back();
  EXPECT_THROW(make_protein_structure(backbone, "x"), Error);
}

}  // namespace
}  // namespace flashrna
