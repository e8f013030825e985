// The final correction of a backbone: what it changes and what it preserves.
#include "libfold/backbone/relaxation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/degree.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/pair_energy.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/symmetry.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

// Strands along x with 6 Å per residue, with the torsions of A-form and small errors of frames and torsions, placed
// `apart` Å from each other.
FlowModelOutput make_backbone(const std::vector<int64_t>& lengths, double apart) {
  const auto B = static_cast<int64_t>(lengths.size()), L = *std::max_element(lengths.begin(), lengths.end());
  FlowModelOutput backbone;
  const Tensor half = at::arange(L, at::kDouble) >= static_cast<double>(L / 2);
  backbone.translations = at::zeros({B, L, 3}, at::kDouble);
  backbone.translations.select(2, 0).copy_(
      at::where(half, L - 1 - at::arange(L, at::kDouble), at::arange(L, at::kDouble)) * 6.0);
  backbone.translations.select(2, 1).copy_(half.to(at::kDouble) * apart);
  backbone.translations += 0.3 * RandomStream(2, "translations").normal({B, L, 3});
  backbone.rotations = so3_exp(0.2 * RandomStream(2, "rotations").normal({B, L, 3}));
  const Tensor a_form = at::tensor({-157.0, 22.0, -119.0, 81.0, 55.0, 180.0, 50.0, 170.0}, at::kDouble) * kDegree;
  const Tensor torsions = a_form + 0.2 * RandomStream(2, "torsions").normal({B, L, kTorsions});
  backbone.torsions = at::stack({torsions.sin(), torsions.cos()}, -1);
  return backbone;
}

struct Quality {
  double overlap = 0.0;     // Å^2
  double bond_error = 0.0;  // root mean square, Å
};

Quality quality_of(const FlowModelOutput& backbone, int64_t b, int64_t length) {
  std::vector<int> slots(kBackboneAtoms);
  std::iota(slots.begin(), slots.end(), 0);
  const Tensor atoms = backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions, slots)
                           .narrow(0, b, 1)
                           .narrow(1, 0, length);
  const Tensor mask = at::ones({1, length, kBackboneAtoms}, at::kBool);
  const Tensor index = at::arange(length, at::kLong).view({1, length});
  const auto slot = [&](int s) { return atoms.select(2, s); };
  const LinkGeometry link = link_geometry(slot(kC3), slot(kO3), slot(kP), slot(kO5));
  return {steric_overlap(atoms, mask, index, at::tensor({length}, at::kLong), {.margin = 0.0}).item<double>(),
          (link.length - kO3PBondLength).square().mean().sqrt().item<double>()};
}

double moved(const FlowModelOutput& a, const FlowModelOutput& b) {
  return (a.translations - b.translations).square().sum(-1).mean().sqrt().item<double>();
}

TEST(Relaxation, MendsLinksAndOverlapsBySmallMoves) {
  // A chain with correct links, to which typical errors of a model are added.
  FlowModelOutput backbone = relaxed(make_backbone({24}, 7.0), at::tensor({24}, at::kLong), {.rounds = 600});
  backbone.translations = backbone.translations + 0.4 * RandomStream(4, "translations").normal({1, 24, 3});
  backbone.rotations = at::matmul(backbone.rotations, so3_exp(0.1 * RandomStream(4, "rotations").normal({1, 24, 3})));
  const FlowModelOutput mended = relaxed(backbone, at::tensor({24}, at::kLong), {.rounds = 100});
  const Quality before = quality_of(backbone, 0, 24), after = quality_of(mended, 0, 24);
  fmt::print("  overlap {:.2f} to {:.3f} Å², O3'-P off by {:.2f} to {:.3f} Å, residues moved {:.2f} Å\n",
             before.overlap, after.overlap, before.bond_error, after.bond_error, moved(backbone, mended));
  EXPECT_GT(before.overlap, 1.0);
  EXPECT_GT(before.bond_error, 0.5);
  EXPECT_LT(after.overlap, 0.1 * before.overlap);
  EXPECT_LT(after.bond_error, 0.1 * before.bond_error);
  EXPECT_LT(moved(backbone, mended), 2.0);
  const Tensor product = at::matmul(mended.rotations.transpose(-1, -2), mended.rotations);
  expect_close("rotations", product, at::eye(3, at::kDouble).expand_as(product), 1e-12);
  const Tensor norms = mended.torsions.norm(2, -1);
  expect_close("torsions", norms, at::ones_like(norms), 1e-12);
  EXPECT_FALSE(mended.translations.requires_grad());
}

TEST(Relaxation, ClosesTheRiboses) {
  FlowModelOutput backbone = relaxed(make_backbone({24}, 20.0), at::tensor({24}, at::kLong), {.rounds = 600});
  const auto c1_c2_error = [](const FlowModelOutput& x) {
    const Tensor atoms = backbone_atoms(x.rotations, x.translations, x.torsions, {kC1, kC2});
    return ((atoms.select(2, 0) - atoms.select(2, 1)).norm(2, -1) - 1.528).square().mean().sqrt().item<double>();
  };
  const Tensor turn = 0.2 * RandomStream(5, "turn").normal({1, 24, kTorsions});
  const Tensor sine = backbone.torsions.select(-1, 0), cosine = backbone.torsions.select(-1, 1);
  backbone.torsions = at::stack({sine * turn.cos() + cosine * turn.sin(), cosine * turn.cos() - sine * turn.sin()}, -1);
  const FlowModelOutput closed = relaxed(backbone, at::tensor({24}, at::kLong), {.rounds = 100});
  fmt::print("  C1'-C2' off by {:.3f} to {:.4f} Å\n", c1_c2_error(backbone), c1_c2_error(closed));
  EXPECT_GT(c1_c2_error(backbone), 0.1);
  EXPECT_LT(c1_c2_error(closed), 0.2 * c1_c2_error(backbone));
}

TEST(Relaxation, OfAChainDoesNotDependOnItsBatchNorTouchThePadding) {
  const FlowModelOutput both = make_backbone({24, 15}, 7.0);
  const FlowModelOutput together = relaxed(both, at::tensor({24, 15}, at::kLong), {.rounds = 20});
  const FlowModelOutput alone =
      relaxed({both.translations.narrow(0, 1, 1).narrow(1, 0, 15), both.rotations.narrow(0, 1, 1).narrow(1, 0, 15),
               both.torsions.narrow(0, 1, 1).narrow(1, 0, 15)},
              at::tensor({15}, at::kLong), {.rounds = 20});
  expect_close("alone", together.translations.narrow(0, 1, 1).narrow(1, 0, 15), alone.translations, 1e-9);
  EXPECT_TRUE(together.translations[1].narrow(0, 15, 9).equal(both.translations[1].narrow(0, 15, 9)));
}

TEST(Relaxation, BringsAskedPairsTogether) {
  const FlowModelOutput backbone = make_backbone({24}, 14.0);
  Tensor partner = at::full({1, 24}, -1, at::kLong);
  for (int64_t i = 0; i < 8; ++i) partner[0][i] = 23 - i, partner[0][23 - i] = i;
  const auto error_of = [&](const FlowModelOutput& x) {
    const Tensor c1 = backbone_atoms(x.rotations, x.translations, x.torsions, {kC1}).select(2, 0)[0];
    const Tensor distance = (c1.narrow(0, 0, 8) - c1.narrow(0, 16, 8).flip(0)).norm(2, 1);
    return (distance - 10.62).abs().mean().item<double>();
  };
  const Tensor lengths = at::tensor({24}, at::kLong);
  const double before = error_of(backbone);
  const double without = error_of(relaxed(backbone, lengths, {.rounds = 200, .step = 0.05}));
  const double with_pairs = error_of(relaxed(backbone, lengths, {.rounds = 200, .step = 0.05, .partner = partner}));
  fmt::print("  C1'-C1' off by {:.2f} Å, without pairs {:.2f} Å, with {:.2f} Å\n", before, without, with_pairs);
  EXPECT_LT(with_pairs, 0.3 * std::min(before, without));
}

TEST(Relaxation, DoesNotTouchFixedResidues) {
  const FlowModelOutput backbone = make_backbone({24}, 7.0);
  Tensor fixed = at::zeros({1, 24}, at::kBool);
  fixed.narrow(1, 8, 9).fill_(true);
  const Tensor lengths = at::tensor({24}, at::kLong);
  const FlowModelOutput mended = relaxed(backbone, lengths, {.rounds = 40, .fixed = fixed});
  EXPECT_TRUE(mended.translations.index({fixed}).equal(backbone.translations.index({fixed})));
  EXPECT_TRUE(mended.rotations.index({fixed}).equal(backbone.rotations.index({fixed})));
  EXPECT_TRUE(mended.torsions.index({fixed}).equal(backbone.torsions.index({fixed})));
  const Tensor moves = (mended.translations - backbone.translations).norm(2, 2).index({fixed.logical_not()});
  EXPECT_GT(moves.min().item<double>(), 0.0) << "every other residue moves";
  EXPECT_LT(quality_of(mended, 0, 24).bond_error, quality_of(backbone, 0, 24).bond_error);
}

TEST(Relaxation, MendsNoLinkAcrossAJumpOfTheResidueIndex) {
  FlowModelOutput backbone = make_backbone({24}, 7.0);
  backbone.translations.narrow(1, 12, 12) += at::tensor({0.0, 15.0, 0.0}, at::kDouble);  // two strands far apart
  const Tensor lengths = at::tensor({24}, at::kLong), place = at::arange(24).unsqueeze(0);
  const auto strand = [](const FlowModelOutput& x, int64_t first) -> FlowModelOutput {
    return {x.translations.narrow(1, first, 12), x.rotations.narrow(1, first, 12), x.torsions.narrow(1, first, 12)};
  };
  const FlowModelOutput bonded = relaxed(backbone, lengths, {.rounds = 40});
  const FlowModelOutput apart =
      relaxed(backbone, lengths, {.rounds = 40, .residue_index = place + (place >= 12).to(at::kLong) * 200});
  for (const int64_t first : {0, 12}) {
    const FlowModelOutput alone = relaxed(strand(backbone, first), at::tensor({12}, at::kLong), {.rounds = 40});
    expect_close("translations", strand(apart, first).translations, alone.translations, 1e-9);
    expect_close("torsions", strand(apart, first).torsions, alone.torsions, 1e-9);
    EXPECT_GT(moved(strand(bonded, first), alone), 0.05) << "Å, by the link between the strands";
  }
}

// A backbone of 12 residues beside its copy by a half turn about z.
FlowModelOutput make_dimer(double x, double y) {
  FlowModelOutput unit = make_backbone({12}, 7.0);
  unit.translations = unit.translations + at::tensor({x, y, 0.0}, at::kDouble);
  return unit;
}

double overlap_of(const FlowModelOutput& unit, const SymmetricCopies& copies) {
  std::vector<int> slots(kBackboneAtoms);
  std::iota(slots.begin(), slots.end(), 0);
  const Tensor atoms = copies.points(backbone_atoms(unit.rotations, unit.translations, unit.torsions, slots));
  const Tensor index = copies.residue_index(at::arange(12).unsqueeze(0));
  const Tensor all = copies.mask().unsqueeze(-1).expand({-1, -1, kBackboneAtoms});
  return steric_overlap(atoms, all, index, copies.lengths(), {.margin = 0.0}).item<double>();
}

TEST(Relaxation, OfAUnitClearsTheInterfaceToItsCopies) {
  const RotationGroup group = rotation_group("C2");
  const SymmetricCopies copies(group.rotations, group.product, {12}, at::kCPU);
  const SymmetricCopies one({Mat3::Identity()}, {{0}}, {12}, at::kCPU);
  const Tensor lengths = at::tensor({12}, at::kLong);
  const auto interface = [&](const FlowModelOutput& unit) {  // overlap between copies, Å²
    return overlap_of(unit, copies) - 2 * overlap_of(unit, one);
  };
  // The unit is moved toward the axis until relaxing it alone leaves an overlap with its copy.
  FlowModelOutput unit, alone;
  double x = -40.0;
  do {
    x += 2.0;
    unit = make_dimer(x, 2.0);
    alone = relaxed(unit, lengths, {.rounds = 100});
  } while (x < 0.0 && interface(alone) < 1.0);
  const FlowModelOutput beside = relaxed(unit, lengths, {.rounds = 100, .copies = &copies});
  fmt::print("  {:.0f} Å from the axis: overlap {:.2f} Å² relaxed alone, {:.3f} Å² beside its copy\n", -x,
             interface(alone), interface(beside));
  ASSERT_GE(interface(alone), 1.0);
  EXPECT_LT(interface(beside), 0.1 * interface(alone));
}

TEST(Relaxation, BringsPairsBetweenCopiesTogether) {
  const RotationGroup group = rotation_group("C2");
  const SymmetricCopies copies(group.rotations, group.product, {12}, at::kCPU);
  const FlowModelOutput unit = make_dimer(-15.0, 9.0);
  Tensor partner = at::full({1, 12}, -1, at::kLong);
  for (int64_t i = 0; i < 6; ++i) partner[0][i] = 12 + 5 - i;
  const auto error_of = [&](const FlowModelOutput& x) {
    const Tensor c1 = copies.points(backbone_atoms(x.rotations, x.translations, x.torsions, {kC1}))[0].select(1, 0);
    const Tensor distance = (c1.narrow(0, 0, 6) - c1.narrow(0, 12, 6).flip(0)).norm(2, 1);
    return (distance - 10.62).abs().mean().item<double>();
  };
  const Tensor lengths = at::tensor({12}, at::kLong);
  const double without = error_of(relaxed(unit, lengths, {.rounds = 150, .step = 0.05, .copies = &copies}));
  const double with_pairs =
      error_of(relaxed(unit, lengths, {.rounds = 150, .step = 0.05, .partner = partner, .copies = &copies}));
  fmt::print("  C1'-C1' off by {:.2f} Å without pairs, {:.2f} Å with\n", without, with_pairs);
  EXPECT_LT(with_pairs, 0.3 * without);
}

TEST(PairEnergy, IsZeroForTheMeanCanonicalPairAndCountsBothDirections) {
  // C1' at both ends of an axis, N inwards at the mean angle, turned by the torsion; this determines the N-N distance.
  const double cosine = 0.579, sine = std::sqrt(1 - cosine * cosine), bond = 1.47;
  const auto n_distance = [&](double distance, double torsion) {
    return std::hypot(distance - 2 * bond * cosine, 2 * bond * sine * std::sin(torsion / 2));
  };
  const auto energy_at = [&](double distance, double torsion) {
    const Tensor c1 = at::tensor({0.0, 0.0, 0.0, distance, 0.0, 0.0}, at::kDouble).view({1, 2, 3});
    const Tensor n = at::tensor({bond * cosine, bond * sine, 0.0, distance - bond * cosine,
                                 bond * sine * std::cos(torsion), bond * sine * std::sin(torsion)},
                                at::kDouble)
                         .view({1, 2, 3});
    return pair_energy(c1, n, at::tensor({1, 0}, at::kLong).view({1, 2})).item<double>();
  };
  const auto h = [](double x) { return std::sqrt(1 + x * x) - 1; };
  for (const double distance : {10.62, 11.5, 20.0}) {
    for (const double degrees : {-6.0, 0.0, 50.0, -120.0}) {
      const double torsion = degrees * kDegree;
      const double expected = 2 * (2 * h(distance - 10.62) + 2 * h(n_distance(distance, torsion) - 8.92) +
                                   5 * (1 - std::cos(torsion + 6 * kDegree)));
      EXPECT_NEAR(energy_at(distance, torsion), expected, 2e-5) << distance << " " << degrees;
    }
  }
  EXPECT_LT(energy_at(10.62, -6.0 * kDegree), 1e-3);
}

TEST(Relaxation, OfNoRoundsOrOneResidueIsNothing) {
  const FlowModelOutput backbone = make_backbone({24}, 7.0);
  EXPECT_TRUE(relaxed(backbone, at::tensor({24}, at::kLong), {}).translations.equal(backbone.translations));
  const FlowModelOutput one = make_backbone({1}, 7.0);
  EXPECT_TRUE(relaxed(one, at::tensor({1}, at::kLong), {.rounds = 5}).translations.equal(one.translations));
}

}  // namespace
}  // namespace flashrna
