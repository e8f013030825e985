#include "rna/measure/sugar_pucker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rna/io/structure_reader.h"
#include "rna/measure/local_geometry.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

std::array<double, 5> ideal_ring(double phase, double amplitude) {
  std::array<double, 5> nu;
  for (int k = 0; k < 5; ++k) nu[static_cast<std::size_t>(k)] = amplitude * std::cos(phase + 144 * kDegree * (k - 2));
  return nu;
}

TEST(SugarPucker, BothDefinitionsFindPhaseAndAmplitudeOfIdealRings) {
  for (int degrees = 0; degrees < 360; degrees += 7) {
    for (const SugarPucker& pucker : {altona_sundaralingam_pucker(ideal_ring(degrees * kDegree, 38 * kDegree)),
                                      rao_pucker(ideal_ring(degrees * kDegree, 38 * kDegree))}) {
      EXPECT_NEAR(std::remainder(pucker.phase - degrees * kDegree, 360 * kDegree), 0.0, 1e-12) << degrees;
      EXPECT_NEAR(pucker.amplitude, 38 * kDegree, 1e-12) << degrees;
      EXPECT_GE(pucker.phase, 0.0);
      EXPECT_LT(pucker.phase, 360 * kDegree);
    }
  }
}

// Altona & Sundaralingam define tan P = ((nu4 + nu1) - (nu3 + nu0)) / (2 nu2 (sin 36° + sin 72°)), amplitude nu2 / cos
// P, and add 180° if nu2 is negative.
TEST(SugarPucker, AltonaSundaralingamIsAsPrinted) {
  for (const std::array<double, 5>& nu :
       {std::array{0.07, -0.42, 0.60, -0.61, 0.33}, std::array{-0.4, 0.58, -0.55, 0.35, 0.03},
        std::array{0.2, -0.1, -0.3, 0.1, 0.4}}) {
    const double tan_p =
        ((nu[4] + nu[1]) - (nu[3] + nu[0])) / (2 * nu[2] * (std::sin(36 * kDegree) + std::sin(72 * kDegree)));
    const double phase = std::atan(tan_p) + (nu[2] < 0 ? 180 * kDegree : 0);
    const SugarPucker got = altona_sundaralingam_pucker(nu);
    EXPECT_NEAR(std::remainder(got.phase - phase, 360 * kDegree), 0.0, 1e-12);
    EXPECT_NEAR(got.amplitude, nu[2] / std::cos(phase), 1e-12);
  }
}

TEST(SugarPucker, RingTorsionsAreThoseOfLocalGeometry) {
  const Chain chain = synthetic_chain("A", "GACU");
  const std::array<double, 5> nu = ring_torsions(chain.nucleotides[2]);
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(nu[static_cast<std::size_t>(k)], measure(local_measure("nu" + std::to_string(k)), chain.nucleotides, 2));
  }
}

TEST(SugarPucker, AMissingRingAtomLeavesNothingDefined) {
  Chain chain = synthetic_chain("A", "G");
  chain.nucleotides[0].atom_mask &= ~(1u << kC2);
  EXPECT_TRUE(std::isnan(rao_pucker(ring_torsions(chain.nucleotides[0])).phase));
  EXPECT_TRUE(std::isnan(altona_sundaralingam_pucker(ring_torsions(chain.nucleotides[0])).amplitude));
  EXPECT_TRUE(pucker_name(std::nan("")).empty());
}

TEST(SugarPucker, NamesFollowTheCircle) {
  EXPECT_EQ(pucker_name(18 * kDegree), "C3'-endo");
  EXPECT_EQ(pucker_name(162 * kDegree), "C2'-endo");
  EXPECT_EQ(pucker_name(-18 * kDegree), "C2'-exo");
  EXPECT_EQ(pucker_name(360 * kDegree), "C3'-endo");
}

TEST(SugarPucker, MostOfATrnaIsC3Endo) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  const Structure structure = read_structure(path);
  const auto& nucleotides = structure.chains[0].nucleotides;
  const auto n_endo = std::count_if(nucleotides.begin(), nucleotides.end(), [](const Nucleotide& nucleotide) {
    return pucker_name(altona_sundaralingam_pucker(ring_torsions(nucleotide)).phase) == "C3'-endo";
  });
  EXPECT_GT(n_endo, std::ssize(nucleotides) * 3 / 4);
}

}  // namespace
}  // namespace flashrna
