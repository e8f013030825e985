// The rounds of a relaxation with gradients written by hand against the definition by autograd.
#include "libfold/backbone/relaxation_rounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/torch_headers.h"
#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/symmetry.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr int64_t kLength = 30;  // of the first of two chains; the second has 5 residues less

struct Case {
  const char* name;
  Polymer polymer = Polymer::kRna;
  const char* symmetry = nullptr;
  bool pairs = false, fixed = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// Two crowded chains with wrong links and a gap, far from the origin by the size of a large RNA.
struct Subject {
  FlowModelOutput backbone;
  Tensor lengths;
  RelaxationOptions options;
  std::optional<SymmetricCopies> copies;

  explicit Subject(const Case& c) {
    const int64_t B = 2, L = kLength, T = backbone_of(c.polymer).torsions();
    const auto normal = [&](const char* what, at::IntArrayRef shape) { return RandomStream(5, what).normal(shape); };
    backbone.translations = 9.0 * normal("translations", {B, L, 3}) + 60.0;
    backbone.rotations = so3_exp(normal("rotations", {B, L, 3}));
    const Tensor torsions = normal("torsions", {B, L, T, 2});
    backbone.torsions = torsions / torsions.norm(2, -1, true);
    lengths = at::tensor({L, L - 5}, at::kLong);
    options.polymer = c.polymer;
    options.residue_index = at::arange(L).repeat({2, 1});
    options.residue_index[0].narrow(0, 20, 10) += 7;
    if (c.fixed) options.fixed = (at::arange(L) % 4 == 1).repeat({2, 1});
    if (c.symmetry != nullptr) {
      const RotationGroup group = rotation_group(c.symmetry);
      copies.emplace(group.rotations, group.product, std::vector<int>{kLength, kLength - 5}, at::kCPU);
      backbone.translations -= at::tensor({45.0, 50.0, 55.0}, at::kDouble);
    }
    if (!c.pairs) return;
    options.partner = at::full({B, L}, -1, at::kLong);
    for (int64_t b = 0; b < B; ++b) {
      for (int64_t i = 0; i < 7; ++i) {
        const int64_t n = lengths[b].item<int64_t>(), j = n - 1 - i;
        // In an assembly by a half turn the partner is in the other copy.
        const int64_t of_copy = c.symmetry != nullptr && i % 2 == 0 ? n : 0;
        options.partner[b][i] = j + of_copy;
        options.partner[b][j] = i + of_copy;
      }
    }
  }

  Subject to(at::ScalarType dtype) const {
    Subject rounded = *this;
    for (Tensor* x : {&rounded.backbone.translations, &rounded.backbone.rotations, &rounded.backbone.torsions})
      *x = x->to(dtype);
    return rounded;
  }
  RelaxationOptions settings() const {
    RelaxationOptions all = options;
    if (copies) all.copies = &*copies;
    return all;
  }
  RelaxationScene scene() const { return make_relaxation_scene(lengths, kLength, settings()); }
  // Of real residues that may move, [N, V].
  Tensor chosen(const Tensor& values) const {
    const Tensor real = at::arange(kLength) < lengths.unsqueeze(1);
    return values.index({options.fixed.defined() ? real & options.fixed.logical_not() : real});
  }
};

// Large turns, so that their derivatives differ from those at zero.
RelaxationMoves large_moves(const Subject& subject) {
  const int64_t T = subject.backbone.torsions.size(2);
  const auto normal = [&](const char* what, int64_t n) {
    return RandomStream(6, what).normal({2, kLength, n}).to(subject.backbone.translations.scalar_type());
  };
  return {0.5 * normal("shifts", 3), 0.8 * normal("turns", 3), normal("torsions", T)};
}

Tensor gradient_by_autograd(const Subject& subject) {
  RelaxationMoves moves = large_moves(subject);
  std::vector<Tensor> gradients;
  for (Tensor* variable : {&moves.shifts, &moves.turns, &moves.torsions}) variable->requires_grad_();
  relaxation_energy(moves.of(subject.backbone), moves, subject.scene()).backward();
  for (const Tensor* variable : {&moves.shifts, &moves.turns, &moves.torsions}) gradients.push_back(variable->grad());
  return subject.chosen(at::cat(gradients, 2));
}

Tensor gradient_by_hand(const Subject& subject) {
  RelaxationRounds rounds(subject.backbone, subject.lengths, subject.scene(), subject.options.fixed,
                          large_moves(subject));
  rounds.step(0.02);
  return subject.chosen(rounds.mean_gradients()) * 10;
}

class RelaxationRoundsOf : public testing::TestWithParam<Case> {};

TEST_P(RelaxationRoundsOf, HaveTheGradientOfAutograd) {
  const Subject subject(GetParam());
  const Tensor expected = gradient_by_autograd(subject);
  // Differences of coordinates up to 100 Å in steps of 1e-14 Å, errors of 0.1 Å and more.
  expect_close("f64", gradient_by_hand(subject), expected, 1e-12);
  // Twice the error of the definition, which is by chance below 1e-6 in some scenes: coordinates of 40 Å are rounded by
  // 2e-6 Å, and the large gradients are of overlaps by 2 Å.
  const double plain = relative_error(gradient_by_autograd(subject.to(at::kFloat)).to(at::kDouble), expected);
  expect_close("f32", gradient_by_hand(subject.to(at::kFloat)).to(at::kDouble), expected, std::max(2 * plain, 1e-6));
}

TEST_P(RelaxationRoundsOf, EndAfterAHundredStepsWhereAutogradAndTorchsAdamEnd) {
  const Subject subject(GetParam());
  RelaxationOptions options = subject.settings();
  options.rounds = 100;
  const FlowModelOutput got = relaxed(subject.backbone, subject.lengths, options);
  const FlowModelOutput expected = relaxed_by_autograd(subject.backbone, subject.lengths, options);
  // Adam amplifies rounding where a gradient is nearly zero.
  EXPECT_GT((expected.translations - subject.backbone.translations).abs().max().item<double>(), 0.3);
  expect_close("translations", got.translations, expected.translations, 1e-8);
  expect_close("rotations", got.rotations, expected.rotations, 1e-6);
  expect_close("torsions", got.torsions, expected.torsions, 1e-6);
}

TEST_P(RelaxationRoundsOf, AreTheSameBitForBitInEveryRun) {
  const Subject subject = Subject(GetParam()).to(at::kFloat);
  RelaxationOptions options = subject.settings();
  options.rounds = 20;
  const int threads = at::get_num_threads();
  const FlowModelOutput one = relaxed(subject.backbone, subject.lengths, options);
  at::set_num_threads(threads == 1 ? 2 : 1);
  const FlowModelOutput two = relaxed(subject.backbone, subject.lengths, options);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.translations.equal(two.translations));
  EXPECT_TRUE(one.rotations.equal(two.rotations));
  EXPECT_TRUE(one.torsions.equal(two.torsions));
}

INSTANTIATE_TEST_SUITE_P(Scenes, RelaxationRoundsOf,
                         testing::Values(Case{"rna"}, Case{.name = "rna_with_fixed_residues", .fixed = true},
                                         Case{.name = "rna_with_pairs", .pairs = true, .fixed = true},
                                         Case{.name = "protein", .polymer = Polymer::kProtein},
                                         Case{.name = "rna_of_a_tetrahedron", .symmetry = "T"},
                                         Case{.name = "rna_dimer_with_pairs", .symmetry = "C2", .pairs = true}),
                         [](const auto& scene) { return std::string(scene.param.name); });

TEST(Relaxation, RefusesPairsOfProteins) {
  Subject subject({.name = "protein", .polymer = Polymer::kProtein});
  subject.options.partner = at::full({2, kLength}, -1, at::kLong);
  subject.options.rounds = 1;
  EXPECT_THROW(relaxed(subject.backbone, subject.lengths, subject.options), c10::Error);
}

}  // namespace
}  // namespace flashrna
