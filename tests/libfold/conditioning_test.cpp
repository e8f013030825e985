#include "libfold/conditioning.h"

#include <gtest/gtest.h>

#include "libfold/batch.h"
#include "libfold/conditioning_config.h"

namespace flashrna {
namespace {

using at::Tensor;

Batch make_truth(int64_t B, int64_t L) {
  Batch truth;
  truth.lengths = at::full({B}, L, at::kLong);
  truth.lengths[0] = L / 2;
  truth.translations = at::zeros({B, L, 3}, at::kFloat);
  truth.partner = (L - 1 - at::arange(L)).expand({B, L}).clone();  // position i pairs with L - 1 - i
  truth.partner[0] = kUnpaired;
  truth.nucleotide = at::arange(L).remainder(4).expand({B, L}).clone();
  return truth;
}

const ConditioningKinds kEverything{true, true, true};
const ConditioningKinds kMotifGroups{.motifs = true, .motif_groups = true};

TEST(Conditioning, APositionIsSaidOnlyWithItsPartner) {
  const Batch truth = make_truth(64, 40);
  const Conditioning conditioning = draw_conditioning(truth, {}, kEverything, 1, 2);
  const Tensor specified = conditioning.partner != kUnspecified;
  EXPECT_TRUE(at::equal(conditioning.partner.index({specified}), truth.partner.index({specified})))
      << "nothing is specified but the truth";
  const Tensor paired = conditioning.partner >= 0;
  EXPECT_TRUE(at::equal(paired.narrow(0, 1, 63), paired.narrow(0, 1, 63).flip(1)));
}

TEST(Conditioning, SharesAreThoseOfTheConfiguration) {
  const Batch truth = make_truth(4000, 24);
  const Conditioning conditioning = draw_conditioning(truth, {}, kEverything, 3, 4);
  const auto share = [](const Tensor& rows) { return rows.to(at::kDouble).mean().item<double>(); };
  // Five standard errors of 4,000 draws: 0.04 at most. A chain may also be without specified pairs because its segments
  // contain none.
  EXPECT_NEAR(share((conditioning.partner != kUnspecified).all(1)), 0.8 * 0.5, 0.05);
  EXPECT_GE(share((conditioning.partner == kUnspecified).all(1)), 0.2 - 0.04);
  EXPECT_NEAR(share((conditioning.nucleotide == kLetterUnspecified).all(1)), 0.3 + 0.7 / 25, 0.04);
  EXPECT_NEAR(share(conditioning.fixed.any(1)), 0.3, 0.04);
  const Tensor fixed_share = conditioning.fixed.to(at::kDouble).mean(1);
  EXPECT_LE(fixed_share.max().item<double>(), 0.5 + 1e-9);
}

TEST(Conditioning, GivenResiduesAreInFourStretchesAtMost) {
  const Conditioning conditioning = draw_conditioning(make_truth(500, 60), {}, kEverything, 5, 6);
  const Tensor starts = conditioning.fixed.narrow(1, 1, 59) & ~conditioning.fixed.narrow(1, 0, 59);
  const Tensor stretches = starts.sum(1) + conditioning.fixed.select(1, 0).to(at::kLong);
  EXPECT_LE(stretches.max().item<int64_t>(), 4);
  EXPECT_FALSE(conditioning.fixed[0].narrow(0, 30, 30).any().item<bool>()) << "padding";
}

TEST(Conditioning, AMotifIsOneGroupThatStaysOrAGroupForEachStretch) {
  Batch truth = make_truth(3000, 60);
  truth.rotations = at::eye(3).expand({3000, 60, 3, 3});
  const Conditioning conditioning = draw_conditioning(truth, {}, kMotifGroups, 5, 6);
  const Tensor& group = conditioning.fixed_group;
  EXPECT_TRUE(conditioning.given.translations.is_same(truth.translations));
  const Tensor stays = conditioning.fixed.any(1), motif = (group >= 0).any(1), moves = motif & ~stays;
  EXPECT_TRUE(at::equal(conditioning.fixed.index({stays}), group.index({stays}) == 0)) << "one group";
  EXPECT_EQ(group.index({stays}).max().item<int64_t>(), 0);
  // Five standard errors of some 900 motifs.
  EXPECT_NEAR(moves.sum().item<double>() / motif.sum().item<double>(), 0.5, 0.09);
  const Tensor rows = group.index({moves});
  EXPECT_EQ(rows.max().item<int64_t>(), 3) << "up to four stretches";
  const Tensor next = rows.narrow(1, 1, 59), own = rows.narrow(1, 0, 59);
  const Tensor rise = (next - own).masked_fill((next < 0) | (own < 0), 0);
  EXPECT_TRUE(((rise == 0) | (rise == 1)).all().item<bool>()) << "a stretch has one number, and touching ones differ";
  EXPECT_TRUE(at::equal((rows >= 0).to(at::kLong).sum(1) > 0, at::ones({rows.size(0)}, at::kBool)));
  // The stretches are those drawn without groups.
  const Conditioning plain = draw_conditioning(truth, {}, {.motifs = true}, 5, 6);
  EXPECT_TRUE(at::equal(plain.fixed, group >= 0));
}

TEST(Conditioning, FollowsFromSeedAndIndexAlone) {
  const Batch truth = make_truth(8, 30);
  const Conditioning a = draw_conditioning(truth, {}, kEverything, 7, 8),
                     b = draw_conditioning(truth, {}, kEverything, 7, 8);
  EXPECT_TRUE(at::equal(a.partner, b.partner) && at::equal(a.nucleotide, b.nucleotide) && at::equal(a.fixed, b.fixed));
  EXPECT_FALSE(at::equal(a.nucleotide, draw_conditioning(truth, {}, kEverything, 7, 9).nucleotide));
}

TEST(Conditioning, MembersThatTheNetworkDoesNotKnowStayUndefined) {
  const Conditioning conditioning = draw_conditioning(make_truth(2, 10), {}, {}, 1, 1);
  EXPECT_FALSE(conditioning.partner.defined() || conditioning.nucleotide.defined() || conditioning.fixed.defined());
}

}  // namespace
}  // namespace flashrna
