#include "rna/measure/suites.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

Suite suite_of(SuiteAngles degrees) {
  for (double& angle : degrees) angle *= kDegree;
  return classify_suite(degrees);
}

const SuiteCluster& cluster(std::string_view name) {
  for (const SuiteCluster& candidate : suite_clusters()) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error("no cluster " + std::string(name));
}

TEST(Suites, CentersAreTheirOwnConformersWithSuitenessOne) {
  std::set<std::string_view> names;
  int n_certain = 0;
  for (const SuiteCluster& center : suite_clusters()) {
    const Suite suite = suite_of(center.degrees);
    EXPECT_EQ(suite.name, center.name);
    EXPECT_NEAR(suite.suiteness, 1.0, 1e-12) << center.name;
    names.insert(center.name);
    n_certain += center.certain;
  }
  EXPECT_EQ(names.size(), 54u);
  EXPECT_EQ(n_certain, 46);
}

TEST(Suites, SuitenessFallsAsACosineOfTheDistanceInHalfWidths) {
  SuiteAngles degrees = cluster("9a").degrees;  // the only cluster nearby
  degrees[3] += 25.0;                           // half of alpha's 50
  EXPECT_NEAR(suite_of(degrees).suiteness, 0.5, 1e-9);
  degrees[6] += 14.0;  // half of delta's 28: (1/8 + 1/8)^(1/3)
  EXPECT_NEAR(suite_of(degrees).suiteness, 0.5 * (1.0 + std::cos(std::numbers::pi * std::cbrt(0.25))), 1e-9);
  degrees = cluster("9a").degrees;
  degrees[3] -= 49.0 + 360.0;  // 0.98 half-widths: suiteness by the cosine 0.001
  EXPECT_EQ(suite_of(degrees).name, "9a");
  EXPECT_EQ(suite_of(degrees).suiteness, 0.01);
}

TEST(Suites, TooFarFromEveryClusterIsAnOutlier) {
  SuiteAngles degrees = cluster("9a").degrees;
  degrees[2] -= 56.0;  // zeta's half-width is 55
  EXPECT_TRUE(suite_of(degrees).is_outlier());
  EXPECT_EQ(suite_of(degrees).suiteness, 0.0);
  // Close enough in the four angles used for selection, too far in all seven.
  degrees = cluster("9a").degrees;
  degrees[3] += 49.0;
  degrees[5] += 34.0;
  EXPECT_TRUE(suite_of(degrees).is_outlier());
}

TEST(Suites, EveryAngleHasARangeOutsideOfWhichThereIsNoConformer) {
  const SuiteAngles a_form = cluster("1a").degrees;
  const auto with = [&](int angle, double degrees) {
    SuiteAngles changed = a_form;
    changed[static_cast<std::size_t>(angle)] = degrees;
    return suite_of(changed).is_outlier();
  };
  for (const int delta : {0, 6}) {
    for (const double degrees : {59.0, 106.0, 124.0, 166.0}) EXPECT_TRUE(with(delta, degrees)) << delta << degrees;
    for (const double degrees : {61.0, 104.0}) EXPECT_FALSE(with(delta, degrees)) << delta << degrees;
  }
  EXPECT_TRUE(with(1, 154.0));
  EXPECT_FALSE(with(1, 156.0));
  for (const double degrees : {19.0, 96.0, 139.0, 216.0, 259.0, 336.0}) EXPECT_TRUE(with(5, degrees)) << degrees;
  EXPECT_FALSE(with(5, 21.0));
  EXPECT_FALSE(with(5, 85.0));
}

// 1a is dominant, 1m is its satellite. Their centers differ by 48 degrees in beta. Between them, the half-width of beta
// is 64 on the side of 1a and 32 on that of 1m.
TEST(Suites, BetweenADominantClusterAndItsSatelliteTheirOwnWidthsDecide) {
  const SuiteAngles dominant = cluster("1a").degrees, satellite = cluster("1m").degrees;
  const auto at = [&](double share) {
    SuiteAngles degrees;
    for (int k = 0; k < kSuiteAngles; ++k) degrees[k] = dominant[k] + share * (satellite[k] - dominant[k]);
    return suite_of(degrees).name;
  };
  EXPECT_EQ(at(0.45), "1a");
  EXPECT_EQ(at(0.6), "1a");  // closer to 1m by the ordinary widths
  EXPECT_EQ(at(0.62), "1a");
  EXPECT_EQ(at(0.7), "1m");
  EXPECT_EQ(at(1.1), "1m");  // not in between: the ordinary widths apply
  EXPECT_EQ(at(-0.1), "1a");
}

TEST(Suites, MissingAtomsAndBrokenLinksMakeItIncomplete) {
  Chain chain = synthetic_chain("A", "GACUGACU");
  std::vector<Suite> suites = find_suites(chain.nucleotides);
  ASSERT_EQ(suites.size(), 8u);
  EXPECT_FALSE(suites[0].is_complete());
  for (std::size_t i = 1; i < 8; ++i) EXPECT_TRUE(suites[i].is_complete()) << i;
  chain.nucleotides[2].atom_mask &= ~(1u << kO5);
  for (std::size_t i = 5; i < 8; ++i) chain.nucleotides[i].residue_index += 3;
  suites = find_suites(chain.nucleotides);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(suites[i].is_complete(), i != 0 && i != 2 && i != 5) << i;
  EXPECT_EQ(suites[2].name, kSuiteIncomplete);
  EXPECT_EQ(suites[2].suiteness, 0.0);
  // Adjacent in number, but beyond the length of a bond.
  for (Vec3& atom : chain.nucleotides[7].atoms) atom += Vec3::Constant(4.0);
  EXPECT_FALSE(find_suites(chain.nucleotides)[7].is_complete());
  SuiteAngles angles{};
  angles[4] = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(classify_suite(angles).is_complete());
  EXPECT_TRUE(find_suites({}).empty());
}

TEST(Suites, CountsKeepIncompleteOnesApart) {
  SuiteCounts counts;
  EXPECT_TRUE(std::isnan(counts.mean_suiteness()));
  EXPECT_TRUE(std::isnan(counts.share("1a")));
  const std::vector<Suite> suites = {{}, {"1a", 0.8}, {"1a", 0.6}, {kSuiteOutlier, 0.0}, {"1c", 0.2}};
  counts.add(suites);
  EXPECT_EQ(counts.complete, 4);
  EXPECT_EQ(counts.incomplete, 1);
  EXPECT_DOUBLE_EQ(counts.mean_suiteness(), 0.4);
  EXPECT_DOUBLE_EQ(counts.outlier_share(), 0.25);
  EXPECT_DOUBLE_EQ(counts.share("1a"), 0.5);
  EXPECT_DOUBLE_EQ(counts.share("2a"), 0.0);
}

}  // namespace
}  // namespace flashrna
