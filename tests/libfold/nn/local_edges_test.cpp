#include "libfold/nn/local_edges.h"

#include <gtest/gtest.h>

#include "libfold/flow/so3.h"
#include "libfold/nn/flow_model.h"
#include "libfold/nn/initialization.h"
#include "libfold/random_streams.h"
#include "tests/libfold/tiny_model.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr int64_t kChannels = 12, kHidden = 8;

struct Scene {
  Tensor single, residue_index, lengths, mask;
  Frames frames;  // nm
  Conditioning conditioning;
};

// Two chains of 23 and 9 residues with a gap, pairs and given residues.
Scene make_scene(at::ScalarType dtype = at::kDouble) {
  const int64_t B = 2, L = 23;
  Scene s;
  s.lengths = at::tensor({23, 9}, at::kLong);
  s.mask = (at::arange(L).unsqueeze(0) < s.lengths.unsqueeze(1)).to(dtype);
  s.single = RandomStream(1, "single").normal({B, L, kChannels}).to(dtype);
  s.residue_index = at::arange(L).expand({B, L}) + (at::arange(L) >= 12).to(at::kLong) * 5;
  s.frames = {so3_exp(RandomStream(1, "rotations").normal({B, L, 3})).to(dtype),
              (RandomStream(1, "steps").normal({B, L, 3}).cumsum(1) * 0.4).to(dtype)};
  s.conditioning.partner = at::full({B, L}, kUnpaired, at::kLong);
  for (const auto& [i, j] : {std::pair{1, 20}, {2, 19}, {3, 18}})
    s.conditioning.partner[0][i] = j, s.conditioning.partner[0][j] = i;
  s.conditioning.partner[1].fill_(kUnspecified);
  s.conditioning.fixed = at::zeros({B, L}, at::kBool);
  s.conditioning.fixed[0].narrow(0, 5, 4).fill_(true);
  return s;
}

EdgeList edges_of(const Scene& s) {
  return make_edge_list(s.frames.translations, s.residue_index, s.lengths, s.conditioning);
}

// Makes all layers nonzero, as after training.
template <typename Module>
Module lively(Module module, at::ScalarType dtype) {
  module->to(dtype);
  const torch::NoGradGuard no_grad;
  std::uint64_t number = 0;
  for (Tensor& p : module->parameters())
    p.copy_(RandomStream(7, "parameter", {number++}).normal(p.sizes()) / std::sqrt(static_cast<double>(p.size(-1))) *
            0.7);
  return module;
}

Frames moved(const Frames& frames, const Tensor& rotation, const Tensor& shift) {
  return {at::matmul(rotation, frames.rotations), at::matmul(frames.translations, rotation.t()) + shift};
}

TEST(EdgeList, HoldsTheChainThePartnerAndTheNearest) {
  const Scene s = make_scene();
  const EdgeList edges = edges_of(s);
  const auto at_slot = [&](int64_t b, int64_t i, int64_t e) {
    return edges.present[b][i][e].item<bool>() ? edges.neighbors[b][i][e].item<int64_t>() : -1;
  };
  // i - 4 ... i + 4, partner, partner - 1, partner + 1.
  const std::vector<int64_t> of_2 = {-1, -1, 0, 1, 3, 4, 5, 6, 19, 18, 20};
  for (std::size_t e = 0; e < of_2.size(); ++e) EXPECT_EQ(at_slot(0, 2, static_cast<int64_t>(e)), of_2[e]) << e;
  for (int64_t e = 8; e < 11; ++e) EXPECT_EQ(at_slot(0, 0, e), -1) << "unpaired";
  for (int64_t e = 8; e < 11; ++e) EXPECT_EQ(at_slot(1, 2, e), -1) << "unspecified";
  const Tensor distances = (s.frames.translations[0] - s.frames.translations[0][2]).norm(2, 1);
  const Tensor nearest = distances.argsort().narrow(0, 1, kNearestEdges);  // without the residue itself
  for (int64_t e = 0; e < kNearestEdges; ++e) EXPECT_EQ(at_slot(0, 2, 11 + e), nearest[e].item<int64_t>());
  EXPECT_FALSE(edges.present[1].narrow(0, 9, 14).any().item<bool>()) << "padding has no edges";
  EXPECT_LT(edges.neighbors[1].max().item<int64_t>(), 9) << "padding is nobody's neighbor";
  EXPECT_EQ(edges.features.size(3), kEdgeListFeatures);
  const Tensor list = edges.features[0][2].narrow(1, 10, 5);  // after the offsets; one of five lists
  for (int64_t e = 0; e < kEdgesPerResidue; ++e) {
    EXPECT_EQ(list[e].argmax().item<int64_t>(), e < 8 ? 0 : e < 11 ? e - 7 : 4) << e;
    EXPECT_EQ(list[e].sum().item<double>(), 1.0) << e;
  }
}

TEST(EdgeList, ARelationIsMarkedWhateverListItCameFrom) {
  const Scene s = make_scene();
  const EdgeList edges = edges_of(s);
  // The one-hot of j minus the partner of i starts after offsets (10), lists (5) and three flags; its center is the
  // partner.
  constexpr int64_t kPartnerBin = 10 + 5 + 3 + 2;
  const Tensor is_partner = edges.neighbors == s.conditioning.partner.unsqueeze(2);
  const Tensor expected = is_partner & (s.conditioning.partner >= 0).unsqueeze(2);
  EXPECT_TRUE(at::equal(edges.features.select(3, kPartnerBin) > 0, expected));
}

TEST(EdgeList, AConstantAddedToTheResidueIndexChangesNoBit) {
  Scene s = make_scene();
  const EdgeList before = edges_of(s);
  s.residue_index = s.residue_index + 12345;
  const EdgeList after = edges_of(s);
  EXPECT_TRUE(at::equal(before.neighbors, after.neighbors));
  EXPECT_TRUE(at::equal(before.features, after.features));
}

struct MotionCase {
  at::ScalarType dtype;
  double allowed;
};

TEST(EdgeVotes, MoveWithARigidMotionOfTheInput) {
  for (const auto& [dtype, allowed] : {MotionCase{at::kDouble, 1e-6}, {at::kFloat, 1e-4}}) {
    const Scene s = make_scene(dtype);
    EdgeVotes votes = lively(EdgeVotes(kChannels, kHidden), dtype);
    const Tensor rotation = so3_exp(at::tensor({0.4, -1.1, 0.7}, at::kDouble)).to(dtype);
    const Tensor shift = at::tensor({30.0, -35.0, 20.0}, at::kDouble).to(dtype);  // 50 nm = 500 Å
    const Frames here = votes->forward(s.single, s.frames, edges_of(s), s.mask);
    Scene there = s;
    there.frames = moved(s.frames, rotation, shift);
    const Frames got = votes->forward(s.single, there.frames, edges_of(s), s.mask);
    const Frames expected = moved(here, rotation, shift);
    EXPECT_LE((got.translations - expected.translations).abs().max().item<double>(), allowed);
    EXPECT_LE((got.rotations - expected.rotations).abs().max().item<double>(), allowed);
    EXPECT_GT((here.translations - s.frames.translations).abs().max().item<double>(), 0.01) << "nothing moved";
  }
}

TEST(EdgeMessages, AreUnchangedByARigidMotionOfTheInput) {
  for (const auto& [dtype, allowed] : {MotionCase{at::kDouble, 1e-6}, {at::kFloat, 1e-4}}) {
    const Scene s = make_scene(dtype);
    EdgeMessages messages = lively(EdgeMessages(kChannels, kHidden), dtype);
    const Tensor rotation = so3_exp(at::tensor({-0.9, 0.3, 1.7}, at::kDouble)).to(dtype);
    const Frames there = moved(s.frames, rotation, at::tensor({30.0, -35.0, 20.0}, at::kDouble).to(dtype));
    const Tensor a = messages->forward(s.single, s.frames, edges_of(s));
    const Tensor b = messages->forward(s.single, there, edges_of(s));
    EXPECT_LE((a - b).abs().max().item<double>(), allowed);
  }
}

TEST(EdgeVotes, OfAnUntrainedNetworkMoveNothing) {
  const Scene s = make_scene();
  EdgeVotes votes(kChannels, kHidden);
  const auto trunk = std::make_shared<torch::nn::Module>("trunk");
  trunk->register_module("edge_votes_0", votes);
  initialize_parameters(*trunk, 3);
  votes->to(at::kDouble);
  const Frames got = votes->forward(s.single, s.frames, edges_of(s), s.mask);
  // The logits of edges are 0, that of the current frame is 5: 27 neighbors have a total weight of 15 %.
  const double pull = 27.0 / (27.0 + std::exp(5.0));
  const double reach =
      (s.frames.translations.unsqueeze(2) - s.frames.translations.unsqueeze(1)).norm(2, 3).max().item<double>();
  EXPECT_LE((got.translations - s.frames.translations).norm(2, 2).max().item<double>(), pull * reach);
}

TEST(EdgeVotes, ResiduesWithoutAMaskKeepTheirFrames) {
  const Scene s = make_scene();
  EdgeVotes votes = lively(EdgeVotes(kChannels, kHidden), at::kDouble);
  const Tensor mask = s.mask * s.conditioning.fixed.logical_not();
  const Frames got = votes->forward(s.single, s.frames, edges_of(s), mask);
  const Tensor kept = mask == 0;
  EXPECT_TRUE(at::equal(got.translations.index({kept}), s.frames.translations.index({kept})));
  EXPECT_TRUE(at::equal(got.rotations.index({kept}), s.frames.rotations.index({kept})));
}

TEST(EdgeVotes, PaddingChangesNothing) {
  const Scene s = make_scene();
  EdgeVotes votes = lively(EdgeVotes(kChannels, kHidden), at::kDouble);
  const Frames both = votes->forward(s.single, s.frames, edges_of(s), s.mask);
  Scene one;
  const auto row = [](const Tensor& x) { return x.narrow(0, 1, 1).narrow(1, 0, 9).contiguous(); };
  one.single = row(s.single), one.residue_index = row(s.residue_index), one.lengths = at::tensor({9}, at::kLong);
  one.mask = row(s.mask), one.frames = {row(s.frames.rotations), row(s.frames.translations)};
  one.conditioning = {row(s.conditioning.partner), {}, row(s.conditioning.fixed), {}};
  const Frames alone = votes->forward(one.single, one.frames, edges_of(one), one.mask);
  expect_close("translations", row(both.translations), alone.translations, 1e-14);
  expect_close("rotations", row(both.rotations), alone.rotations, 1e-14);
}

TEST(EdgeVotes, GradientsAreThoseOfFiniteDifferences) {
  const Scene s = make_scene();
  const EdgeList edges = edges_of(s);
  EdgeVotes votes = lively(EdgeVotes(kChannels, kHidden), at::kDouble);
  EdgeMessages messages = lively(EdgeMessages(kChannels, kHidden), at::kDouble);
  const Tensor direction = RandomStream(9, "direction").normal(s.frames.translations.sizes());
  const auto value = [&s, &edges, &direction, v = votes.ptr(), m = messages.ptr()](const Tensor& single,
                                                                                   const Tensor& translations) {
    const Frames frames{s.frames.rotations, translations};
    const Frames out = v->forward(m->forward(single, frames, edges), frames, edges, s.mask);
    return (out.translations * direction).sum() + (out.rotations.select(3, 1) * direction).sum();
  };
  Tensor single = s.single.clone().requires_grad_(), translations = s.frames.translations.clone().requires_grad_();
  value(single, translations).backward();
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  for (const auto& [name, input, gradient] :
       {std::tuple{"single", s.single, single.grad()}, {"translations", s.frames.translations, translations.grad()}}) {
    const Tensor way = RandomStream(10, name).normal(input.sizes());
    const bool of_single = std::string(name) == "single";
    const auto at_step = [&](double h) {
      return (of_single ? value(input + way * h, s.frames.translations) : value(s.single, input + way * h))
          .item<double>();
    };
    const double expected = (at_step(kStep) - at_step(-kStep)) / (2 * kStep);
    EXPECT_NEAR((gradient * way).sum().item<double>() / expected, 1.0, 1e-6) << name;
  }
}

ModelConfig long_chain_config() {
  ModelConfig config = tiny_model();
  config.neighbors = 12;
  config.positions = "relative";
  config.chain_neighbors = 8;
  config.local_edges = 16;
  config.edge_votes = 16;
  config.condition_pairs = config.condition_letters = config.condition_motifs = config.letter_head = true;
  return config;
}

FlowModelInput input_of(const Scene& s) {
  FlowModelInput in;
  in.lengths = s.lengths;
  in.residue_index = s.residue_index;
  in.t = at::tensor({0.3, 0.8}, s.single.options());
  in.translations = s.frames.translations * 10;
  in.rotations = s.frames.rotations;
  in.self_condition = in.translations + 0.5;
  in.conditioning = s.conditioning;
  in.conditioning.nucleotide = at::arange(23).remainder(5).expand({2, 23}).contiguous();
  return in;
}

TEST(FlowModelWithRelativePositions, AConstantAddedToTheResidueIndexChangesNoBit) {
  FlowModel model = lively(FlowModel(long_chain_config(), PublishedConventions{}), at::kDouble);
  FlowModelInput in = input_of(make_scene());
  const FlowModelOutput before = model->forward(in);
  in.residue_index = in.residue_index + 4321;
  const FlowModelOutput after = model->forward(in);
  EXPECT_TRUE(at::equal(before.translations, after.translations));
  EXPECT_TRUE(at::equal(before.rotations, after.rotations));
  EXPECT_TRUE(at::equal(before.torsions, after.torsions));
  EXPECT_TRUE(at::equal(before.letters, after.letters));
}

TEST(FlowModelWithRelativePositions, GivenResiduesDoNotMove) {
  FlowModel model = lively(FlowModel(long_chain_config(), PublishedConventions{}), at::kDouble);
  const FlowModelInput in = input_of(make_scene());
  const FlowModelOutput out = model->forward(in);
  const Tensor& fixed = in.conditioning.fixed;
  expect_close("translations", out.translations.index({fixed}), in.translations.index({fixed}), 1e-15);
  EXPECT_TRUE(at::equal(out.rotations.index({fixed}), in.rotations.index({fixed})));
}

TEST(FlowModelWithRelativePositions, RecomputedActivationsGiveTheSameGradients) {
  FlowModel model = lively(FlowModel(long_chain_config(), PublishedConventions{}), at::kDouble);
  const FlowModelInput in = input_of(make_scene());
  const auto gradients = [&](bool recompute) {
    model->zero_grad();
    model->recompute_activations(recompute);
    const FlowModelOutput out = model->forward(in);
    (out.translations.square().mean() + out.torsions.sin().sum() + out.letters.sin().sum()).backward();
    std::vector<Tensor> copies;
    for (const Tensor& p : model->parameters()) copies.push_back(p.grad().defined() ? p.grad().clone() : Tensor());
    return copies;
  };
  const std::vector<Tensor> kept = gradients(false), recomputed = gradients(true);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    ASSERT_EQ(kept[i].defined(), recomputed[i].defined());
    if (!kept[i].defined()) continue;
    EXPECT_LE((kept[i] - recomputed[i]).abs().max().item<double>(), 1e-12);
  }
}

}  // namespace
}  // namespace flashrna
