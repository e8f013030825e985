#include "libfold/evaluation/gyration_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace flashrna {
namespace {

TEST(GyrationFit, FindsThePowerLawOfItsPoints) {
  std::vector<GyrationPoint> points;
  for (const int length : {10, 30, 76, 150, 1500}) points.push_back({length, 5.7 * std::pow(length, 0.32)});
  points.push_back({9, 100.0});  // too short to count
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

TEST(GyrationFit, OneLengthOrTwoPointsDetermineNoLine) {
  EXPECT_TRUE(std::isnan(fit_gyration(std::vector<GyrationPoint>{{50, 15}, {50, 16}, {50, 17}}).prefactor));
  EXPECT_TRUE(std::isnan(fit_gyration(std::vector<GyrationPoint>{{50, 15}, {60, 16}}).prefactor));
  EXPECT_TRUE(std::isnan(fit_gyration({}).radius(10)));
}

}  // namespace
}  // namespace flashrna
