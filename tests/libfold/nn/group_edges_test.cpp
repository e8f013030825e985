#include "libfold/nn/group_edges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "libfold/flow/so3.h"
#include "libfold/nn/initialization.h"
#include "libfold/random_streams.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr int64_t kChannels = 12, kHidden = 8, kLength = 23;

struct Scene {
  Tensor single, lengths, mask, group;
  Frames frames, given;  // nm
};

// Residues 2 to 8 and 14 to 20 of the first chain in one group, 10 and 11 in another; a second chain without groups.
Scene make_scene() {
  Scene s;
  s.lengths = at::tensor({kLength, int64_t{9}}, at::kLong);
  s.mask = (at::arange(kLength).unsqueeze(0) < s.lengths.unsqueeze(1)).to(at::kDouble);
  s.single = RandomStream(1, "single").normal({2, kLength, kChannels});
  s.frames = {so3_exp(RandomStream(1, "rotations").normal({2, kLength, 3})),
              RandomStream(1, "steps").normal({2, kLength, 3}).cumsum(1) * 0.4};
  s.given = {so3_exp(RandomStream(6, "rotations").normal({2, kLength, 3})),
             RandomStream(6, "translations").normal({2, kLength, 3})};
  s.group = at::full({2, kLength}, -1, at::kLong);
  s.group[0].narrow(0, 2, 7).fill_(0);
  s.group[0].narrow(0, 14, 7).fill_(0);
  s.group[0].narrow(0, 10, 2).fill_(1);
  return s;
}

GroupEdges edges_of(const Scene& s) { return make_group_edges(s.group, s.given, s.lengths); }

// Makes all layers nonzero, as after training.
template <typename Module>
Module lively(Module module) {
  module->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  std::uint64_t number = 0;
  for (Tensor& p : module->parameters())
    p.copy_(RandomStream(7, "parameter", {number++}).normal(p.sizes()) / std::sqrt(static_cast<double>(p.size(-1))));
  return module;
}

Frames moved(const Frames& frames, const Tensor& rotation, const Tensor& shift) {
  return {at::matmul(rotation, frames.rotations), at::matmul(frames.translations, rotation.t()) + shift};
}

Tensor a_rotation() { return so3_exp(at::tensor({0.4, -1.1, 0.7}, at::kDouble)); }
Tensor a_shift() { return at::tensor({3.0, -4.0, 5.0}, at::kDouble); }

TEST(GroupEdges, HoldTheChainAndTheNearestOfTheGroup) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  for (int64_t i = 0; i < kLength; ++i) {
    const auto group = s.group[0][i].item<int64_t>();
    std::vector<std::pair<double, int64_t>> others;
    for (int64_t j = 0; j < kLength; ++j)
      if (group >= 0 && s.group[0][j].item<int64_t>() == group && std::abs(j - i) > kGroupReach)
        others.emplace_back((s.given.translations[0][i] - s.given.translations[0][j]).norm().item<double>(), j);
    std::sort(others.begin(), others.end());
    std::vector<int64_t> expected;
    for (int64_t d = -kGroupReach; d <= kGroupReach; ++d) {
      const bool inside = d != 0 && i + d >= 0 && i + d < kLength;
      if (inside && group >= 0 && s.group[0][i + d].item<int64_t>() == group) expected.push_back(i + d);
    }
    for (std::size_t e = 0; e < others.size() && e < kGroupNearest; ++e) expected.push_back(others[e].second);
    std::vector<int64_t> got;
    for (int64_t e = 0; e < kGroupEdges; ++e)
      if (edges.present[0][i][e].item<bool>()) got.push_back(edges.neighbors[0][i][e].item<int64_t>());
    EXPECT_EQ(got, expected) << i;
  }
  EXPECT_FALSE(edges.present[1].any().item<bool>());
  EXPECT_EQ(edges.features.index({edges.present.logical_not()}).abs().max().item<double>(), 0.0);
}

TEST(GroupEdges, CarryTheGivenRelativeFrames) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  // T_j times the frame of i in j is T_i.
  for (const auto& [i, e] : {std::pair<int64_t, int64_t>{5, 3}, {5, 2 * kGroupReach}, {11, 3}}) {
    ASSERT_TRUE(edges.present[0][i][e].item<bool>());
    const auto j = edges.neighbors[0][i][e].item<int64_t>();
    const Frames back = compose({s.given.rotations[0][j], s.given.translations[0][j]},
                                {edges.given.rotations[0][i][e], edges.given.translations[0][i][e]});
    expect_close("rotation", back.rotations, s.given.rotations[0][i], 1e-12);
    expect_close("translation", back.translations, s.given.translations[0][i], 1e-12);
  }
}

TEST(GroupEdges, DoNotDependOnThePlaceOfTheGivenStructure) {
  const Scene s = make_scene();
  Scene turned = s;
  turned.given = moved(s.given, a_rotation(), a_shift());
  const GroupEdges here = edges_of(s), there = edges_of(turned);
  EXPECT_TRUE(at::equal(here.neighbors, there.neighbors));
  expect_close("features", there.features, here.features, 1e-12);
}

TEST(GroupVotes, MoveWithARigidMotionOfTheInput) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  GroupVotes votes = lively(GroupVotes(kChannels, kHidden));
  const Frames here = votes->forward(s.single, s.frames, edges, s.mask);
  const Frames there = votes->forward(s.single, moved(s.frames, a_rotation(), a_shift()), edges, s.mask);
  const Frames expected = moved(here, a_rotation(), a_shift());
  expect_close("translations", there.translations, expected.translations, 1e-9);
  expect_close("rotations", there.rotations, expected.rotations, 1e-7);
}

TEST(GroupVotes, MoveResiduesTowardsTheirGivenGeometryAndNoOthers) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  GroupVotes votes = lively(GroupVotes(kChannels, kHidden));
  const auto trunk = std::make_shared<torch::nn::Module>("trunk");
  trunk->register_module("group_votes_0", votes);
  initialize_parameters(*trunk, 3);
  // Root mean square difference of distances within the group of 14 to the given ones.
  const Tensor rows = (s.group[0] == 0).nonzero().squeeze(1);
  const auto error_of = [&](const Frames& frames) {
    const auto distances = [&](const Tensor& x) {
      return at::cdist(x[0].index_select(0, rows), x[0].index_select(0, rows));
    };
    return (distances(frames.translations) - distances(s.given.translations)).square().mean().sqrt().item<double>();
  };
  Frames frames = s.frames;
  const double before = error_of(frames);
  for (int round = 0; round < 200; ++round) frames = votes->forward(s.single, frames, edges, s.mask);
  std::printf("  distances off by %.3f, then %.3f nm\n", before, error_of(frames));
  EXPECT_LT(error_of(frames), 0.05 * before) << "the fixed point of the votes is the given structure";
  const Tensor none = s.group < 0;
  EXPECT_TRUE(at::equal(frames.translations.index({none}), s.frames.translations.index({none})));
  EXPECT_TRUE(at::equal(frames.rotations.index({none}), s.frames.rotations.index({none})));
  const Frames masked = votes->forward(s.single, s.frames, edges, at::zeros_like(s.mask));
  EXPECT_TRUE(at::equal(masked.translations, s.frames.translations));
}

TEST(GroupMessages, AreInitiallyZeroAndAlwaysOutsideOfGroups) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  GroupMessages messages = lively(GroupMessages(kChannels, kHidden));
  const Tensor out = messages->forward(s.single, s.frames, edges);
  const Tensor none = s.group < 0;
  EXPECT_TRUE(at::equal(out.index({none}), s.single.index({none})));
  EXPECT_GT((out - s.single).index({s.group >= 0}).abs().max().item<double>(), 0.1);
  const Tensor moved_out = messages->forward(s.single, moved(s.frames, a_rotation(), a_shift()), edges);
  expect_close("of a moved input", moved_out, out, 1e-9);
  const auto trunk = std::make_shared<torch::nn::Module>("trunk");
  trunk->register_module("group_messages_0", messages);
  initialize_parameters(*trunk, 3);
  EXPECT_TRUE(at::equal(messages->forward(s.single, s.frames, edges), s.single));
}

TEST(GroupVotes, GradientsAreThoseOfFiniteDifferences) {
  const Scene s = make_scene();
  const GroupEdges edges = edges_of(s);
  GroupVotes votes = lively(GroupVotes(kChannels, kHidden));
  GroupMessages messages = lively(GroupMessages(kChannels, kHidden));
  const Tensor direction = RandomStream(9, "direction").normal({2, kLength, 3});
  const auto value = [&](const Tensor& translations) {
    const Frames frames{s.frames.rotations, translations};
    const Frames out = votes->forward(messages->forward(s.single, frames, edges), frames, edges, s.mask);
    return (out.translations * direction).sum() + (out.rotations.select(3, 1) * direction).sum();
  };
  Tensor translations = s.frames.translations.clone().requires_grad_();
  value(translations).backward();
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  const Tensor way = RandomStream(10, "way").normal({2, kLength, 3});
  const double expected = (value(s.frames.translations + way * kStep).item<double>() -
                           value(s.frames.translations - way * kStep).item<double>()) /
                          (2 * kStep);
  EXPECT_NEAR((translations.grad() * way).sum().item<double>() / expected, 1.0, 1e-6);
}

}  // namespace
}  // namespace flashrna
