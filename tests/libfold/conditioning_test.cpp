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

TEST(Conditioning, APositionIsSaidOnlyWithItsPartner) {
  const Batch truth = make_truth(64, 40);
  const Conditioning told = draw_conditioning(truth, {}, kEverything, 1, 2);
  const Tensor said = told.partner != kNotSaid;
  EXPECT_TRUE(at::equal(told.partner.index({said}), truth.partner.index({said}))) << "nothing is said but the truth";
  const Tensor paired = told.partner >= 0;
  EXPECT_TRUE(at::equal(paired.narrow(0, 1, 63), paired.narrow(0, 1, 63).flip(1)));
}

TEST(Conditioning, SharesAreThoseOfTheConfiguration) {
  const Batch truth = make_truth(4000, 24);
  const Conditioning told = draw_conditioning(truth, {}, kEverything, 3, 4);
  const auto share = [](const Tensor& rows) { return rows.to(at::kDouble).mean().item<double>(); };
  // Five standard errors of 4,000 draws: 0.04 at most. A chain may also be without specified pairs because its segments
  // contain none.
  EXPECT_NEAR(share((told.partner != kNotSaid).all(1)), 0.8 * 0.5, 0.05);
  EXPECT_GE(share((told.partner == kNotSaid).all(1)), 0.2 - 0.04);
  EXPECT_NEAR(share((told.nucleotide == kLetterNotSaid).all(1)), 0.3 + 0.7 / 25, 0.04);
  EXPECT_NEAR(share(told.fixed.any(1)), 0.3, 0.04);
  const Tensor fixed_share = told.fixed.to(at::kDouble).mean(1);
  EXPECT_LE(fixed_share.max().item<double>(), 0.5 + 1e-9);
}

TEST(Conditioning, GivenResiduesAreInFourStretchesAtMost) {
  const Conditioning told = draw_conditioning(make_truth(500, 60), {}, kEverything, 5, 6);
  const Tensor starts = told.fixed.narrow(1, 1, 59) & ~told.fixed.narrow(1, 0, 59);
  const Tensor stretches = starts.sum(1) + told.fixed.select(1, 0).to(at::kLong);
  EXPECT_LE(stretches.max().item<int64_t>(), 4);
  EXPECT_FALSE(told.fixed[0].narrow(0, 30, 30).any().item<bool>()) << "padding";
}

TEST(Conditioning, FollowsFromSeedAndIndexAlone) {
  const Batch truth = make_truth(8, 30);
  const Conditioning a = draw_conditioning(truth, {}, kEverything, 7, 8),
                     b = draw_conditioning(truth, {}, kEverything, 7, 8);
  EXPECT_TRUE(at::equal(a.partner, b.partner) && at::equal(a.nucleotide, b.nucleotide) && at::equal(a.fixed, b.fixed));
  EXPECT_FALSE(at::equal(a.nucleotide, draw_conditioning(truth, {}, kEverything, 7, 9).nucleotide));
}

TEST(Conditioning, MembersThatTheNetworkDoesNotKnowStayUndefined) {
  const Conditioning told = draw_conditioning(make_truth(2, 10), {}, {}, 1, 1);
  EXPECT_FALSE(told.partner.defined() || told.nucleotide.defined() || told.fixed.defined());
}

}  // namespace
}  // namespace flashrna
