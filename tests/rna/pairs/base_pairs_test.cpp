#include "rna/pairs/base_pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "tests/rna/pairs/synthetic_pairs.h"
#include "tests/rna/random_points.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

TEST(BasePairs, ScoreIsTheDistanceFromTheMeanPairInSquaredDeviations) {
  PairAtoms atoms(5);
  const PairShape shape{
      .c1_distance = 10.8, .lambda_i = 50.0 * kDegree, .lambda_j = 61.0 * kDegree, .torsion = -20.0 * kDegree};
  place_pair(atoms, 0, 4, random_motion(3), shape);
  const BasePairCandidates candidates = find_base_pair_candidates(atoms.c1, atoms.n);
  ASSERT_EQ(candidates.pairs.size(), 1u);
  EXPECT_EQ(candidates.pairs[0].i, 0);
  EXPECT_EQ(candidates.pairs[0].j, 4);
  const double nitrogens = (atoms.n[0] - atoms.n[4]).norm();
  const double expected =
      std::pow((nitrogens - 8.95) / 0.25, 2) + 1.0 + std::pow(5.0 / 6.0, 2) + 1.0 + std::pow(20.0 / 15.0, 2);
  EXPECT_NEAR(candidates.pairs[0].score, expected, 1e-9);
}

TEST(BasePairs, EveryLimitOfTheRuleIsKept) {
  const auto paired = [](const PairShape& shape) {
    PairAtoms atoms(5);
    place_pair(atoms, 0, 4, {}, shape);
    return find_base_pairs(atoms.c1, atoms.n)[0] == 4;
  };
  const auto lambda = [](double i, double j) { return PairShape{.lambda_i = i * kDegree, .lambda_j = j * kDegree}; };
  EXPECT_TRUE(paired({}));
  EXPECT_TRUE(paired({.c1_distance = 9.95}));
  EXPECT_FALSE(paired({.c1_distance = 9.85}));  // N-N 8.16 Å
  EXPECT_TRUE(paired({.c1_distance = 11.35}));
  EXPECT_FALSE(paired({.c1_distance = 11.45}));
  EXPECT_TRUE(paired({.c1_distance = 9.65, .lambda_i = 65 * kDegree, .lambda_j = 65 * kDegree}));
  EXPECT_FALSE(paired({.c1_distance = 9.55, .lambda_i = 65 * kDegree, .lambda_j = 65 * kDegree}));
  EXPECT_FALSE(paired({.c1_distance = 11.3, .lambda_i = 71 * kDegree, .lambda_j = 71 * kDegree}));  // N-N 10.3 Å
  EXPECT_TRUE(paired(lambda(42.5, 55.0)));
  EXPECT_FALSE(paired(lambda(41.5, 55.0)));
  EXPECT_TRUE(paired(lambda(55.0, 71.5)));
  EXPECT_FALSE(paired(lambda(55.0, 72.5)));
  EXPECT_FALSE(paired(lambda(55.0, -55.0)));  // trans
  for (const double sign : {-1.0, 1.0}) {
    EXPECT_TRUE(paired({.torsion = sign * 44.5 * kDegree}));
    EXPECT_FALSE(paired({.torsion = sign * 45.5 * kDegree}));
  }
}

TEST(BasePairs, FewerThanFourPositionsApartPairOnlyAcrossMolecules) {
  PairAtoms atoms(4);
  place_pair(atoms, 0, 3);
  const std::vector<int> none{-1, -1, -1, -1};
  EXPECT_EQ(find_base_pairs(atoms.c1, atoms.n), none);
  const std::vector<int> one{7, 7, 7, 7}, two{7, 7, 2, 2};
  EXPECT_EQ(find_base_pairs(atoms.c1, atoms.n, one), none);
  EXPECT_EQ(find_base_pairs(atoms.c1, atoms.n, two), (std::vector<int>{3, -1, -1, 0}));
}

TEST(BasePairs, HelixPairsRungByRungWhereverItStands) {
  PairAtoms atoms(24);
  place_helix(atoms, 0, 23, 10);
  const RigidTransform motion = random_motion(5);
  const std::vector<int> partner = find_base_pairs(moved(atoms.c1, motion), moved(atoms.n, motion));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(partner[i], i < 10 || i >= 14 ? 23 - i : -1) << i;
}

TEST(BasePairs, BestCandidateComesFirstAndEqualOnesByPosition) {
  // 0 could pair with 5 and with 10, which is closer to the mean.
  PairAtoms atoms(11);
  const auto place_from_0 = [&](int j, double c1_distance) {
    RigidTransform motion;
    motion.translation.x() = 0.5 * c1_distance;  // C1' of 0 stays in place
    place_pair(atoms, 0, j, motion, {.c1_distance = c1_distance});
  };
  place_from_0(5, 10.9);
  place_from_0(10, 10.6);
  std::vector<int> partner = find_base_pairs(atoms.c1, atoms.n);
  EXPECT_EQ(partner[0], 10);
  EXPECT_EQ(partner[10], 0);
  EXPECT_EQ(partner[5], -1);
  // At an equal position, the earlier one.
  place_from_0(10, 10.9);
  partner = find_base_pairs(atoms.c1, atoms.n);
  EXPECT_EQ(partner[0], 5);
  EXPECT_EQ(partner[5], 0);
  EXPECT_EQ(partner[10], -1);
}

TEST(BasePairs, MissingAtomsPairWithNothing) {
  PairAtoms atoms(12);
  place_helix(atoms, 0, 11, 4);
  atoms.c1[1].y() = std::numeric_limits<double>::quiet_NaN();
  atoms.n[9] = Vec3::Constant(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(find_base_pairs(atoms.c1, atoms.n), (std::vector<int>{11, -1, -1, 8, -1, -1, -1, -1, 3, -1, -1, 0}));
  EXPECT_TRUE(find_base_pairs({}, {}).empty());
}

TEST(BasePairs, NucleotidesPairByTheirOwnAtomsAndChains) {
  PairAtoms atoms(3);
  place_pair(atoms, 0, 2);
  std::vector<Nucleotide> nucleotides(3);
  for (int i = 0; i < 3; ++i) nucleotides[i].chain_in_structure = i;
  for (const int i : {0, 2}) {
    nucleotides[i].set(kC1, atoms.c1[i]);
    nucleotides[i].set(kGlycosidicNitrogen, atoms.n[i]);
  }
  EXPECT_EQ(find_base_pairs(nucleotides), (std::vector<int>{2, -1, 0}));
  nucleotides[2].atom_mask = 1u << kC1;
  EXPECT_EQ(find_base_pairs(nucleotides), (std::vector<int>{-1, -1, -1}));
}

// Hairpins of three pairs and four unplaced nucleotides, 40 Å apart.
PairAtoms hairpins(int count) {
  PairAtoms atoms(10 * count);
  for (int h = 0; h < count; ++h) {
    place_helix(atoms, 10 * h, 10 * h + 9, 3, 40.0 * Vec3(h % 31, h / 31 % 29, h / (31 * 29)));
  }
  return atoms;
}

TEST(BasePairs, TenTimesTheLengthLooksAtTenTimesThePairs) {
  const PairAtoms few = hairpins(90), many = hairpins(899);
  const BasePairCandidates in_few = find_base_pair_candidates(few.c1, few.n);
  const BasePairCandidates in_many = find_base_pair_candidates(many.c1, many.n);
  EXPECT_EQ(in_few.comparisons % 90, 0);
  EXPECT_EQ(in_many.comparisons, in_few.comparisons / 90 * 899);
  EXPECT_LE(in_many.comparisons, 8'990 * 4);
  const std::vector<int> partner = find_base_pairs(many.c1, many.n);
  for (int i = 0; i < 8'990; ++i) {
    const int in_hairpin = i % 10;
    EXPECT_EQ(partner[i], in_hairpin < 3 || in_hairpin > 6 ? i - in_hairpin + 9 - in_hairpin : -1) << i;
  }
}

TEST(BasePairs, BadInputIsNamed) {
  PairAtoms atoms(5);
  const std::vector<int> molecule(4, 0);
  EXPECT_EQ(message_of([&] { find_base_pairs(atoms.c1, std::span(atoms.n).first(3)); }),
            "base pairs: 3 positions of N for 5 positions of C1'");
  EXPECT_EQ(message_of([&] { find_base_pairs(atoms.c1, atoms.n, molecule); }),
            "base pairs: 4 molecule numbers for 5 positions of C1'");
  const std::vector<BasePairCandidate> candidates{{1, 5, 0.0}};
  EXPECT_EQ(message_of([&] { choose_partners(candidates, 5); }), "base pairs: candidate 1, 5 among 5 nucleotides");
  place_pair(atoms, 0, 4);
  atoms.n[4].z() = 2e6;
  EXPECT_THROW(find_base_pairs(atoms.c1, atoms.n), Error);
}

}  // namespace
}  // namespace flashrna
