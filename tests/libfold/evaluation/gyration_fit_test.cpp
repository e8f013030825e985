#include "libfold/evaluation/gyration_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace flashrna {
namespace {

TEST(GyrationFit, FindsThePowerLawOfItsPoints) {
  std::vector<GyrationPoint> points;
  for (const int length : {10, 30, 76, 150, 1500}) points.push_back({length, 5.7 * std::pow(length, 0.32)});
  points.push_back({9, 100.0});  // below the minimum length
  const GyrationFit fit = fit_gyration(points);
  EXPECT_NEAR(fit.prefactor, 5.7, 1e-9);
  EXPECT_NEAR(fit.exponent, 0.32, 1e-12);
  EXPECT_NEAR(fit.deviation, 0.0, 1e-12);
  EXPECT_NEAR(fit.radius(76), 5.7 * std::pow(76.0, 0.32), 1e-9);
}

TEST(GyrationFit, DeviationIsThatOfTheLogarithm) {
  const std::vector<GyrationPoint> points{{100, 10.0 * std::exp(0.1)},
                                          {100, 10.0 * std::exp(-0.1)},
                                          {400, 20.0 * std::exp(0.1)},
                                          {400, 20.0 * std::exp(-0.1)}};
  const GyrationFit fit = fit_gyration(points);
  EXPECT_NEAR(fit.exponent, 0.5, 1e-12);
  EXPECT_NEAR(fit.deviation, 0.1, 1e-12);
}

TEST(GyrationFit, TheBandIsFromTheFifthToTheNinetyFifthPercentile) {
  // Deviations from the line of -1.00, -0.98, ... 1.00, equal at both lengths.
  std::vector<GyrationPoint> points;
  for (int k = -50; k <= 50; ++k) {
    points.push_back({100, 10.0 * std::exp(0.02 * k)});
    points.push_back({400, 20.0 * std::exp(0.02 * k)});
  }
  const GyrationFit fit = fit_gyration(points);
  EXPECT_NEAR(fit.low, -0.90, 0.011);
  EXPECT_NEAR(fit.high, 0.90, 0.011);
  EXPECT_TRUE(fit.in_band(100, 10.0 * std::exp(0.88)));
  EXPECT_FALSE(fit.in_band(100, 10.0 * std::exp(0.92)));
  EXPECT_FALSE(fit.in_band(400, 20.0 * std::exp(-0.92)));
  EXPECT_FALSE(fit_gyration({}).in_band(100, 10.0));
}

TEST(GyrationFit, OneLengthOrTwoPointsDetermineNoLine) {
  EXPECT_TRUE(std::isnan(fit_gyration(std::vector<GyrationPoint>{{50, 15}, {50, 16}, {50, 17}}).prefactor));
  EXPECT_TRUE(std::isnan(fit_gyration(std::vector<GyrationPoint>{{50, 15}, {60, 16}}).prefactor));
  EXPECT_TRUE(std::isnan(fit_gyration({}).radius(10)));
}

}  // namespace
}  // namespace flashrna
