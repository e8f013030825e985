#include "libfold/backbone/backbone_atoms.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

#include "libfold/flow/igso3.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

std::vector<int> all_slots() {
  std::vector<int> slots(kBackboneAtoms);
  std::iota(slots.begin(), slots.end(), 0);
  return slots;
}

struct Inputs {
  Tensor rotations, translations, torsions;
};

Inputs random_inputs(int64_t n) {
  RandomStream stream(1, "backbone");
  const Tensor pairs = stream.normal({n, kTorsions, 2});
  return {sample_uniform_rotations(n, stream), stream.normal({n, 3}) * 20, pairs / pairs.square().sum(-1, true).sqrt()};
}

TEST(BackboneAtoms, EqualTheRebuildOfOneNucleotideAtATime) {
  const Inputs in = random_inputs(20);
  for (const BackboneGeometry* geometry : {&ideal_backbone_geometry(), &deoxyadenosine_geometry()}) {
    Tensor expected = at::empty({20, kBackboneAtoms, 3}, at::kDouble);
    for (int64_t n = 0; n < 20; ++n) {
      RigidTransform frame;
      std::array<std::array<double, 2>, kTorsions> sin_cos;
      for (int i = 0; i < 3; ++i) {
        frame.translation[i] = in.translations[n][i].item<double>();
        for (int j = 0; j < 3; ++j) frame.rotation(i, j) = in.rotations[n][i][j].item<double>();
      }
      for (int k = 0; k < kTorsions; ++k)
        for (int p = 0; p < 2; ++p) sin_cos[k][p] = in.torsions[n][k][p].item<double>();
      const auto atoms = rebuild_backbone(frame, sin_cos, *geometry);
      for (int slot = 0; slot < kBackboneAtoms; ++slot)
        for (int i = 0; i < 3; ++i) expected[n][slot][i] = atoms[slot][i];
    }
    expect_close("atoms", backbone_atoms(in.rotations, in.translations, in.torsions, all_slots(), *geometry), expected,
                 1e-14);
  }
}

TEST(BackboneAtoms, AnySelectionEqualsThatPartOfTheWhole) {
  const Inputs in = random_inputs(10);
  const Tensor all = backbone_atoms(in.rotations, in.translations, in.torsions, all_slots());
  for (const std::vector<int>& slots : {std::vector<int>{kC4}, {kOP2, kC3}, {kO2}, {kGlycosidicNitrogen, kP, kO3}}) {
    const std::vector<int64_t> columns(slots.begin(), slots.end());
    expect_close("selection", backbone_atoms(in.rotations, in.translations, in.torsions, slots),
                 all.index_select(1, at::tensor(columns, at::kLong)), 1e-15);
  }
}

TEST(BackboneAtoms, GradientsMatchFiniteDifferences) {
  const Inputs in = random_inputs(3);
  const Tensor weights = RandomStream(2, "weights").normal({3, kBackboneAtoms, 3});
  const auto weighted = [&](const Tensor& r, const Tensor& x, const Tensor& s) {
    return (backbone_atoms(r, x, s, all_slots()) * weights).sum();
  };
  EXPECT_LE(gradient_error([&](const Tensor& r) { return weighted(r, in.translations, in.torsions); }, in.rotations),
            1e-8);
  EXPECT_LE(gradient_error([&](const Tensor& x) { return weighted(in.rotations, x, in.torsions); }, in.translations),
            1e-8);
  EXPECT_LE(gradient_error([&](const Tensor& s) { return weighted(in.rotations, in.translations, s); }, in.torsions),
            1e-8);
}

TEST(BackboneAtoms, AnUndefinedTorsionMasksWhatItPlaces) {
  // Atoms that become undefined with torsion k, in the order of rna/torsion.h.
  const std::vector<std::vector<int>> lost = {
      {kC2, kO2},                       // bb2_1
      {kC1, kO2, kGlycosidicNitrogen},  // bb2_2
      {kGlycosidicNitrogen},            // bb2_3
      {kO3},                            // delta
      {kO5, kP, kOP1, kOP2},            // gamma
      {kP, kOP1, kOP2},                 // beta
      {kOP1},                           // alpha1
      {kOP2},                           // alpha2
  };
  for (int k = 0; k < kTorsions; ++k) {
    Tensor torsion_mask = at::ones({kTorsions}, at::kBool), expected = at::ones({kBackboneAtoms}, at::kBool);
    torsion_mask[k] = false;
    for (const int slot : lost[k]) expected[slot] = false;
    EXPECT_TRUE(at::equal(backbone_atom_mask(torsion_mask, all_slots()), expected)) << "torsion " << k;
  }
}

}  // namespace
}  // namespace flashrna
