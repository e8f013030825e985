// The losses on the link O3'-P between bonded residues.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/flow/so3.h"
#include "libfold/training/losses.h"
#include "rna/assembly.h"
#include "rna/geometry.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

const std::vector<int> kSlots = {kC3, kO3, kP, kO5};

struct Case {
  Batch truth;
  Corrupted noisy;
  FlowModelOutput prediction;
};

Tensor atoms_of(const FlowModelOutput& backbone) {
  return backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions, kSlots);
}

// Two chains of 6 and 4 residues, random except for the links: every P is 1.6 Å from the preceding O3'. The first chain
// has a gap after its third residue, and the torsion that places the P of its sixth is undefined.
Case make_case() {
  const int64_t B = 2, L = 6;
  Case c;
  c.truth.lengths = at::tensor({6, 4}, at::kLong);
  c.truth.residue_index = at::arange(L, at::kLong).expand({B, L}).clone();
  c.truth.residue_index[0].narrow(0, 3, 3).add_(5);
  const Tensor torsions = RandomStream(1, "torsions").normal({B, L, kTorsions, 2});
  c.truth.torsions = torsions / torsions.norm(2, -1, true);
  c.truth.rotations = so3_exp(RandomStream(1, "rotations").normal({B, L, 3}));
  c.truth.translations = at::zeros({B, L, 3}, at::kDouble);
  c.truth.torsion_mask = at::ones({B, L, kTorsions}, at::kBool);
  c.truth.torsion_mask[0][5][5] = false;  // beta
  for (int64_t i = 1; i < L; ++i) {
    const Tensor atoms = atoms_of({c.truth.translations, c.truth.rotations, c.truth.torsions});  // [B, L, 4, 3]
    const Tensor wanted = atoms.select(1, i - 1).select(1, 1) + at::tensor({0.0, 0.96, 1.28}, at::kDouble);
    c.truth.translations.select(1, i).copy_(wanted - atoms.select(1, i).select(1, 2));
  }
  c.noisy.t = at::tensor({0.3, 0.8}, at::kDouble);
  c.noisy.translations = at::zeros_like(c.truth.translations);
  c.noisy.rotations = c.truth.rotations;
  c.prediction.translations = c.truth.translations + 0.3 * RandomStream(1, "error").normal({B, L, 3});
  c.prediction.rotations = c.truth.rotations;
  c.prediction.torsions = c.truth.torsions;
  return c;
}

LossConfig with_links() {
  LossConfig config;
  config.bond_weight = 3.0;
  config.angle_weight = 2.0;
  config.link_torsion_weight = 4.0;
  return config;
}

TEST(BondedLinks, AreThoseWithoutGapWithBothAtomsPlacedAndNear) {
  Case c = make_case();
  const Tensor expected = at::tensor({1, 1, 0, 1, 0, 1, 1, 1, 0, 0}).view({2, 5}).to(at::kBool);
  EXPECT_TRUE(at::equal(bonded_links(c.truth), expected)) << bonded_links(c.truth);
  c.truth.translations[1][1].add_(2.0);
  EXPECT_FALSE(bonded_links(c.truth)[1][0].item<bool>());
}

TEST(LinkLosses, AreMeanSquaredErrorsOverTheBondedLinks) {
  const Case c = make_case();
  const Losses losses = compute_losses(c.truth, c.noisy, c.prediction, with_links(), {});
  const Tensor atoms = atoms_of(c.prediction), linked = bonded_links(c.truth);
  const auto cosine = [](const Tensor& u, const Tensor& v) {
    return (u.dot(v) / (u.norm() * v.norm())).item<double>();
  };
  for (int64_t b = 0; b < 2; ++b) {
    double bonds = 0.0, angles = 0.0, n = 0.0;
    for (int64_t i = 0; i < 5; ++i) {
      if (!linked[b][i].item<bool>()) continue;
      const Tensor c3 = atoms[b][i][0], o3 = atoms[b][i][1], p = atoms[b][i + 1][2], o5 = atoms[b][i + 1][3];
      bonds += std::pow((p - o3).norm().item<double>() - 1.607, 2);
      angles += std::pow(cosine(c3 - o3, p - o3) - std::cos(119.7 * M_PI / 180), 2) +
                std::pow(cosine(o3 - p, o5 - p) - std::cos(104.0 * M_PI / 180), 2);
      n += 1.0;
    }
    const double t = c.noisy.t[b].item<double>();
    EXPECT_NEAR(losses.bonds[b].item<double>(), 3.0 * bonds / n * std::pow(0.1 / (1.0 - t), 2), 1e-6);
    EXPECT_NEAR(losses.angles[b].item<double>(), 2.0 * angles / n, 1e-4);
  }
  const Losses none = compute_losses(c.truth, c.noisy, c.prediction, LossConfig{}, {});
  expect_close("total", losses.total, none.total + (losses.bonds + losses.angles + losses.link_torsions).mean(), 1e-13);
}

TEST(LinkLosses, CompareTheTorsionsOfTheLinkWithTheTruth) {
  const Case c = make_case();
  const Losses losses = compute_losses(c.truth, c.noisy, c.prediction, with_links(), {});
  const std::vector<int> slots = {kC4, kC3, kO3, kP, kO5, kC5};
  const auto point = [](const Tensor& x) {
    return Vec3(x[0].item<double>(), x[1].item<double>(), x[2].item<double>());
  };
  const Tensor made = backbone_atoms(c.prediction.rotations, c.prediction.translations, c.prediction.torsions, slots);
  const Tensor wanted = backbone_atoms(c.truth.rotations, c.truth.translations, c.truth.torsions, slots);
  const auto torsions = [&](const Tensor& atoms, int64_t i) {
    const Vec3 c4 = point(atoms[i][0]), c3 = point(atoms[i][1]), o3 = point(atoms[i][2]), p = point(atoms[i + 1][3]),
               o5 = point(atoms[i + 1][4]), c5 = point(atoms[i + 1][5]);
    return std::array{dihedral(c4, c3, o3, p), dihedral(c3, o3, p, o5), dihedral(o3, p, o5, c5)};
  };
  const Tensor linked = bonded_links(c.truth);
  double sum = 0.0, absolute_sum = 0.0, n = 0.0;
  for (int64_t i = 0; i < 3; ++i) {  // chain 1; its torsions are all defined
    if (!linked[1][i].item<bool>()) continue;
    const auto a = torsions(made[1], i), b = torsions(wanted[1], i);
    for (std::size_t k = 0; k < a.size(); ++k) {
      const double squared = 2.0 - 2.0 * std::cos(a[k] - b[k]);
      sum += squared;
      absolute_sum += std::sqrt(squared + 1e-4) - 0.01;
    }
    n += 1.0;
  }
  EXPECT_GT(sum, 0.1);
  EXPECT_NEAR(losses.link_torsions[1].item<double>(), 4.0 * sum / n, 1e-6);
  LossConfig absolute = with_links();
  absolute.torsion_error = "absolute";
  EXPECT_NEAR(compute_losses(c.truth, c.noisy, c.prediction, absolute, {}).link_torsions[1].item<double>(),
              4.0 * absolute_sum / n, 1e-6);
}

TEST(LinkLosses, HaveTheGradientsOfFiniteDifferences) {
  const Case c = make_case();
  const auto links = [&](const FlowModelOutput& prediction) {
    const Losses losses = compute_losses(c.truth, c.noisy, prediction, with_links(), {});
    return (losses.bonds + losses.angles + losses.link_torsions).sum();
  };
  EXPECT_LE(gradient_error(
                [&](const Tensor& x) {
                  return links({x, c.prediction.rotations, c.prediction.torsions});
                },
                c.prediction.translations),
            1e-7);
  EXPECT_LE(gradient_error(
                [&](const Tensor& x) {
                  return links({c.prediction.translations, c.prediction.rotations, x});
                },
                c.prediction.torsions),
            1e-7);
}

TEST(ClashLoss, IsTheOverlapPerResidueOfAtomsThatAreDefined) {
  const Case c = make_case();
  LossConfig config;
  config.clash_weight = 2.0;
  const Losses losses = compute_losses(c.truth, c.noisy, c.prediction, config, {});
  std::vector<int> slots(kBackboneAtoms);
  std::iota(slots.begin(), slots.end(), 0);
  const Tensor atoms = backbone_atoms(c.prediction.rotations, c.prediction.translations, c.prediction.torsions, slots);
  const Tensor defined = backbone_atom_mask(c.truth.torsion_mask, slots) & c.truth.mask().unsqueeze(-1);
  EXPECT_FALSE(defined[0][5][kP].item<bool>());
  const Tensor overlap = steric_overlap(atoms, defined, c.truth.residue_index, c.truth.lengths);
  for (int64_t b = 0; b < 2; ++b) {
    const double per_residue = overlap[b].item<double>() / c.truth.lengths[b].item<double>();
    const double t = c.noisy.t[b].item<double>();
    EXPECT_GT(per_residue, 0.1);
    EXPECT_NEAR(losses.clashes[b].item<double>(), 2.0 * per_residue * std::pow(0.1 / (1.0 - t), 2), 1e-9);
  }
  const Losses none = compute_losses(c.truth, c.noisy, c.prediction, LossConfig{}, {});
  expect_close("total", losses.total, none.total + losses.clashes.mean(), 1e-13);
}

// Two molecules of three residues, whose last and first atoms are as near as in a link.
TEST(LinkLosses, StopAtTheEndOfAMoleculeWhereClashesDoNot) {
  Case c = make_case();
  c.truth.residue_index[1] = at::arange(6, at::kLong);
  c.truth.lengths.fill_(6);
  c.truth.torsion_mask.fill_(true);
  c.truth.residue_index[0] = at::tensor({0, 1, 2, 2 + kChainJoin, 3 + kChainJoin, 4 + kChainJoin}, at::kLong);
  c.truth.chain = at::tensor({0, 0, 0, 1, 1, 1}, at::kLong).expand({2, 6}).clone();
  const Tensor linked = bonded_links(c.truth);
  EXPECT_TRUE(at::equal(linked[0], at::tensor({1, 1, 0, 1, 1}).to(at::kBool))) << linked[0];
  EXPECT_TRUE(linked[1].all().item<bool>()) << "the same atoms in one molecule";

  LossConfig config = with_links();
  config.clash_weight = 2.0;
  Losses before = compute_losses(c.truth, c.noisy, c.prediction, config, {});
  c.prediction.translations.narrow(1, 3, 3).add_(at::tensor({400.0, 0.0, 0.0}, at::kDouble));
  const Losses apart = compute_losses(c.truth, c.noisy, c.prediction, config, {});
  EXPECT_NEAR(apart.bonds[0].item<double>(), before.bonds[0].item<double>(), 1e-9);
  EXPECT_NEAR(apart.angles[0].item<double>(), before.angles[0].item<double>(), 1e-9);
  EXPECT_GT(apart.bonds[1].item<double>(), 100.0 * before.bonds[1].item<double>());
  // Moved into each other, the molecules overlap: residue 3 on residue 0.
  c.prediction.translations.narrow(1, 3, 3).sub_(
      (c.prediction.translations.select(1, 3) - c.prediction.translations.select(1, 0)).unsqueeze(1));
  const Losses together = compute_losses(c.truth, c.noisy, c.prediction, config, {});
  EXPECT_GT(together.clashes[0].item<double>(), apart.clashes[0].item<double>() + 0.01);
}

TEST(LinkLosses, OfOneResidueAreZero) {
  Case c = make_case();
  for (Tensor* x : {&c.truth.residue_index, &c.truth.translations, &c.truth.rotations, &c.truth.torsions,
                    &c.truth.torsion_mask, &c.noisy.translations, &c.noisy.rotations, &c.prediction.translations,
                    &c.prediction.rotations, &c.prediction.torsions})
    *x = x->narrow(1, 0, 1);
  c.truth.lengths.fill_(1);
  const Losses losses = compute_losses(c.truth, c.noisy, c.prediction, with_links(), {});
  EXPECT_EQ(losses.bonds.abs().sum().item<double>() + losses.angles.abs().sum().item<double>(), 0.0);
  EXPECT_TRUE(losses.total.isfinite().item<bool>());
}

}  // namespace
}  // namespace flashrna
