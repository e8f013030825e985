// Compares the differentiable overlap of atoms with rna/measure/clashes.h, a plain sum and finite differences, and its
// two implementations with each other.
#include "libfold/backbone/steric_overlap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/steric_move.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "rna/measure/clashes.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

// Residues at random positions in a ball. The second chain is shorter; the first has a gap and missing atoms.
struct Scene {
  Tensor rotations, translations, torsions, atoms, mask, residue_index, lengths;
};

Scene make_scene(int64_t L, double radius) {
  const int64_t B = 2;
  Scene scene;
  scene.lengths = at::tensor({L, L - 3}, at::kLong);
  scene.residue_index = at::arange(L, at::kLong).expand({B, L}).clone();
  scene.residue_index[0].narrow(0, L / 2, L - L / 2).add_(4);
  const Tensor torsions = RandomStream(3, "torsions").normal({B, L, kTorsions, 2});
  scene.torsions = torsions / torsions.norm(2, -1, true);
  scene.rotations = so3_exp(RandomStream(3, "rotations").normal({B, L, 3}));
  scene.translations = radius * RandomStream(3, "translations").normal({B, L, 3});
  std::vector<int> slots(kBackboneAtoms);
  std::iota(slots.begin(), slots.end(), 0);
  scene.atoms = backbone_atoms(scene.rotations, scene.translations, scene.torsions, slots);
  scene.mask = RandomStream(3, "mask").normal({B, L, kBackboneAtoms}) > -1.5;
  scene.mask[1].narrow(0, L - 3, 3).fill_(false);
  return scene;
}

std::vector<Nucleotide> nucleotides_of(const Scene& scene, int64_t b) {
  std::vector<Nucleotide> nucleotides(static_cast<std::size_t>(scene.lengths[b].item<int64_t>()));
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    nucleotides[i].base = Base::A;
    nucleotides[i].residue_index = static_cast<int>(scene.residue_index[b][row].item<int64_t>());
    for (int slot = 0; slot < kBackboneAtoms; ++slot) {
      const Tensor at = scene.atoms[b][row][slot];
      if (scene.mask[b][row][slot].item<bool>())
        nucleotides[i].set(slot, Vec3(at[0].item<double>(), at[1].item<double>(), at[2].item<double>()));
    }
  }
  return nucleotides;
}

// The definition by loops over all pairs of residues.
double overlap_by_loops(const std::vector<Nucleotide>& chain, double margin) {
  double sum = 0.0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = i + 1; j < chain.size(); ++j) {
      const bool linked = chain[j].residue_index == chain[i].residue_index + 1;
      for (int a = 0; a < kBackboneAtoms; ++a) {
        for (int b = 0; b < kBackboneAtoms; ++b) {
          if (!chain[i].has(a) || !chain[j].has(b) || (linked && near_by_bonds(a, b))) continue;
          const double depth = closest_without_clash(a, b) + margin - (chain[i].atoms[a] - chain[j].atoms[b]).norm();
          if (depth > 0) sum += depth * depth;
        }
      }
    }
  }
  return sum;
}

StericOptions all_neighbors(const Scene& scene, double margin) {
  return {.margin = margin, .neighbors = scene.atoms.size(1)};
}

Tensor overlap_of(const Scene& scene, const Tensor& atoms, const StericOptions& options) {
  return steric_overlap(atoms, scene.mask, scene.residue_index, scene.lengths, options);
}

TEST(StericOverlap, IsTheSumOverAllPairsOfAtoms) {
  for (const double radius : {3.0, 5.0}) {
    const Scene scene = make_scene(14, radius);
    const Tensor overlap = overlap_of(scene, scene.atoms, all_neighbors(scene, 0.2));
    for (int64_t b = 0; b < 2; ++b) {
      const double expected = overlap_by_loops(nucleotides_of(scene, b), 0.2);
      EXPECT_GT(expected, 1.0);
      EXPECT_NEAR(overlap[b].item<double>(), expected, 1e-9 * expected);
    }
  }
}

TEST(StericOverlap, WithoutMarginIsAboveZeroJustWhereThereAreClashes) {
  int with = 0, without = 0;
  for (const double radius : {4.0, 8.0, 60.0}) {
    const Scene scene = make_scene(9, radius);
    const Tensor overlap = overlap_of(scene, scene.atoms, all_neighbors(scene, 0.0));
    for (int64_t b = 0; b < 2; ++b) {
      const bool clashes = find_clashes(nucleotides_of(scene, b)).pairs > 0;
      EXPECT_EQ(overlap[b].item<double>() > 0, clashes) << "radius " << radius << ", chain " << b;
      ++(clashes ? with : without);
    }
  }
  EXPECT_GT(with, 1);
  EXPECT_GT(without, 1);
}

TEST(StericOverlap, GradientIsThatOfFiniteDifferences) {
  const Scene scene = make_scene(8, 5.0);
  const double error = gradient_error(
      [&](const Tensor& atoms) {
        return (overlap_of(scene, atoms, all_neighbors(scene, 0.2)) * at::tensor({1.0, -2.0}, at::kDouble)).sum();
      },
      scene.atoms);
  EXPECT_LT(error, 1e-6);
}

TEST(StericOverlap, InBlocksIsTheSame) {
  const Scene scene = make_scene(40, 12.0);
  const auto value_and_gradient = [&](auto overlap) {
    const Tensor atoms = scene.atoms.clone().requires_grad_();
    const Tensor value = overlap(atoms, scene.mask, scene.residue_index, scene.lengths, StericOptions{});
    value.sum().backward();
    return std::pair(value.detach(), atoms.grad());
  };
  const auto [value, gradient] = value_and_gradient(steric_overlap);
  const auto [in_blocks, gradient_in_blocks] = value_and_gradient(steric_overlap_in_blocks);
  EXPECT_GT(value.min().item<double>(), 0.0);
  expect_close("value", in_blocks, value, 1e-12);
  expect_close("gradient", gradient_in_blocks, gradient, 1e-11);
}

TEST(StericOverlap, MovedApartResiduesOverlapLessAndKeepTheirShape) {
  const Scene scene = make_scene(30, 12.0);
  const auto all = at::ones_like(scene.mask) & (at::arange(30, at::kLong) < scene.lengths.unsqueeze(1)).unsqueeze(-1);
  const Tensor before = steric_overlap(scene.atoms, all, scene.residue_index, scene.lengths);
  const Tensor translations =
      moved_apart(scene.rotations, scene.translations, scene.torsions, scene.residue_index, scene.lengths, 50);
  const Tensor atoms = scene.atoms + (translations - scene.translations).unsqueeze(2);
  const Tensor after = steric_overlap(atoms, all, scene.residue_index, scene.lengths);
  fmt::print("  overlap {:.1f} and {:.1f} Å² before, {:.2f} and {:.2f} after\n", before[0].item<double>(),
             before[1].item<double>(), after[0].item<double>(), after[1].item<double>());
  EXPECT_TRUE((after < 0.1 * before).all().item<bool>());
  EXPECT_TRUE(translations[1].narrow(0, 27, 3).equal(scene.translations[1].narrow(0, 27, 3)));  // padding
}

TEST(StericOverlap, FixedResiduesStayWhileOthersMoveAwayFromThem) {
  const Scene scene = make_scene(30, 12.0);
  const Tensor fixed = (at::arange(30, at::kLong) % 2 == 0).expand({2, 30});
  const Tensor translations =
      moved_apart(scene.rotations, scene.translations, scene.torsions, scene.residue_index, scene.lengths, 50, fixed);
  EXPECT_TRUE(translations.index({fixed}).equal(scene.translations.index({fixed})));
  const Tensor all = (at::arange(30, at::kLong) < scene.lengths.unsqueeze(1)).unsqueeze(-1).expand_as(scene.mask);
  const Tensor before = steric_overlap(scene.atoms, all, scene.residue_index, scene.lengths);
  const Tensor after = steric_overlap(scene.atoms + (translations - scene.translations).unsqueeze(2), all,
                                      scene.residue_index, scene.lengths);
  EXPECT_TRUE((after < 0.5 * before).all().item<bool>());
}

TEST(StericOverlap, MovesAreThoseOfTheDefinition) {
  const Scene scene = make_scene(40, 12.0);
  const Tensor fixed = (at::arange(40, at::kLong) % 5 == 0).expand({2, 40});
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    const Tensor rotations = scene.rotations.to(dtype), translations = scene.translations.to(dtype),
                 torsions = scene.torsions.to(dtype);
    const auto after = [&](auto move) {
      return move(rotations, translations, torsions, scene.residue_index, scene.lengths, 20, fixed, StericOptions{});
    };
    const Tensor got = after(moved_apart), expected = after(moved_apart_by_autograd);
    EXPECT_GT((got - translations).abs().max().item<double>(), 1.0);
    EXPECT_TRUE(got.equal(after(moved_apart))) << "in every run";
    // 20 steps of a sum over a dozen pairs, in coordinates of 40 Å.
    expect_close("moved", got, expected, dtype == at::kDouble ? 1e-13 : 1e-4);
  }
}

TEST(StericOverlap, OfOneResidueOrNoneIsZero) {
  for (const int64_t L : {0, 1}) {
    const Tensor atoms = at::zeros({2, L, kBackboneAtoms, 3}, at::kDouble).requires_grad_();
    const Tensor overlap = steric_overlap(atoms, at::ones({2, L, kBackboneAtoms}, at::kBool),
                                          at::zeros({2, L}, at::kLong), at::full({2}, L, at::kLong));
    EXPECT_EQ(overlap.sum().item<double>(), 0.0);
  }
}

}  // namespace
}  // namespace flashrna
